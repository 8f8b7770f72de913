package verify

import (
	"encoding/json"
	"errors"
	"net/http"
	"strconv"
	"strings"
)

// Middleware lets through what a shopper asks with a good ticket, in whose context ShopperOf finds the shopper. The token comes in Authorization: Bearer (RFC 6750) or, where both are
// there, in x-vol-user-claims, as to the server itself.
//
// Without a ticket, and with one that is not good, the answer is 401; a client refreshes its ticket then and asks again. It is 503 where that cannot be told. Both have a JSON object with
// "error" and "error_description". A preflight of CORS brings no ticket: what answers those belongs before this.
func (v *Verifier) Middleware(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		token, ok := accessToken(r.Header)
		if !ok {
			refuse(w, refusal{status: http.StatusUnauthorized, code: "missing_token", text: "A ticket is needed.", challenge: "realm=" + strconv.Quote(v.settings.Issuer)})
			return
		}
		shopper, err := v.Verify(r.Context(), token)
		switch {
		case errors.Is(err, ErrUnavailable):
			w.Header().Set("Retry-After", "1")
			refuse(w, refusal{status: http.StatusServiceUnavailable, code: "temporarily_unavailable", text: "Tickets cannot be verified now."})
		case err != nil:
			const code = "invalid_token"
			text := explain(err)
			refuse(w, refusal{http.StatusUnauthorized, code, text, "realm=" + strconv.Quote(v.settings.Issuer) + `, error="` + code + `", error_description="` + text + `"`})
		default:
			next.ServeHTTP(w, r.WithContext(WithShopper(r.Context(), shopper)))
		}
	})
}

// Require lets only shoppers through whose ticket permits a behavior, behind Middleware. For others the answer is 403 with "error": "insufficient_scope", which refreshing does not mend.
func Require(behavior string, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if shopper, _ := ShopperOf(r.Context()); shopper.Has(behavior) {
			next.ServeHTTP(w, r)
			return
		}
		const code = "insufficient_scope"
		challenge := `error="` + code + `", scope=` + strconv.Quote(behavior)
		refuse(w, refusal{http.StatusForbidden, code, "The ticket does not permit this.", challenge})
	})
}

// explain returns what a client is told of an error. What exactly was wrong with a token is for the service's own eyes.
func explain(err error) string {
	switch {
	case errors.Is(err, ErrExpired):
		return "The ticket has expired."
	case errors.Is(err, ErrRevoked):
		return "The ticket was revoked."
	}
	return "The ticket is not valid."
}

type refusal struct {
	status     int
	code, text string
	challenge  string // what follows Bearer in WWW-Authenticate (RFC 6750 section 3); empty where there is none
}

func refuse(w http.ResponseWriter, refusal refusal) {
	header := w.Header()
	if refusal.challenge != "" {
		header.Set("WWW-Authenticate", "Bearer "+refusal.challenge)
	}
	header.Set("Content-Type", "application/json")
	header.Set("Cache-Control", "no-store")
	header.Set("X-Content-Type-Options", "nosniff")
	body, _ := json.Marshal(map[string]string{"error": refusal.code, "error_description": refusal.text})
	w.WriteHeader(refusal.status)
	_, _ = w.Write(append(body, '\n'))
}

// accessToken returns the token in a request's headers, as the server reads them, and false where there is none. Of a malformed header and of several it is text that no token ever is.
func accessToken(header http.Header) (string, bool) {
	const noToken = "-"
	authorization, claims := header["Authorization"], header["X-Vol-User-Claims"]
	switch {
	case len(claims) == 1 && claims[0] != "":
		return claims[0], true
	case len(authorization)+len(claims) == 0:
		return "", false
	case len(authorization)+len(claims) > 1:
		return noToken, true
	}
	scheme, token, _ := strings.Cut(strings.Join(authorization, ""), " ")
	if !strings.EqualFold(scheme, "Bearer") || token == "" {
		return noToken, true
	}
	return token, true
}
