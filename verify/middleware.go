package verify

import (
	"encoding/json"
	"errors"
	"net/http"
	"strconv"
	"strings"
)

// Middleware passes on only requests with a valid ticket. Behind it, ShopperOf returns the shopper.
// The token comes in Authorization: Bearer (RFC 6750) or in x-vol-user-claims. If both are present,
// x-vol-user-claims counts, as in the server itself.
//
// If the ticket is missing or not valid, the answer is 401. The client should then refresh its
// ticket and try again. If the ticket cannot be verified now, the answer is 503. Both answers have
// a JSON object with "error" and "error_description". A CORS preflight has no ticket, so your CORS
// handler must come before Middleware.
func (v *Verifier) Middleware(next http.Handler) http.Handler {
	realm := "realm=" + strconv.Quote(v.settings.Issuer)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		token, ok := accessToken(r.Header)
		if !ok {
			refuse(w, refusal{
				status:    http.StatusUnauthorized,
				code:      "missing_token",
				text:      "A ticket is needed.",
				challenge: realm,
			})
			return
		}

		shopper, err := v.Verify(r.Context(), token)
		switch {
		case errors.Is(err, ErrUnavailable):
			w.Header().Set("Retry-After", "1")
			refuse(w, refusal{
				status: http.StatusServiceUnavailable,
				code:   "temporarily_unavailable",
				text:   "Tickets cannot be verified now.",
			})
		case err != nil:
			const code = "invalid_token"
			text := explain(err)
			refuse(w, refusal{
				status:    http.StatusUnauthorized,
				code:      code,
				text:      text,
				challenge: realm + `, error="` + code + `", error_description="` + text + `"`,
			})
		default:
			next.ServeHTTP(w, r.WithContext(WithShopper(r.Context(), shopper)))
		}
	})
}

// Require passes on only requests whose ticket permits a behavior. Use it behind Middleware. Other
// requests get 403 with "error": "insufficient_scope". Refreshing the ticket does not help.
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

// explain returns the text that a client gets for an error. Only the service itself learns what
// exactly is wrong with a token.
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
	challenge  string // what follows Bearer in WWW-Authenticate (RFC 6750 section 3), or empty
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

// accessToken returns the token in a request's headers, by the same rules as the server. It returns
// false if there is none. For a malformed header, or for several, it returns a text that is never a
// token.
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
