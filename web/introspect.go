package web

import (
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/authtickets/authtickets/applications"
	"github.com/authtickets/authtickets/models"
	"github.com/authtickets/authtickets/problem"
	"github.com/authtickets/authtickets/secret"
	"github.com/authtickets/authtickets/tickets"
)

// introspectionAnswer is what an access token says, in the names of RFC 7662 section 2.2. Of one that is not good it is {"active":false}.
type introspectionAnswer struct {
	Active    bool    `json:"active"`
	Issuer    string  `json:"iss,omitempty"`
	Subject   string  `json:"sub,omitempty"`
	ClientID  string  `json:"client_id,omitempty"`
	Scope     *string `json:"scope,omitempty"` // behaviors; empty where there are none
	TokenType string  `json:"token_type,omitempty"`
	IssuedAt  int64   `json:"iat,omitempty"`
	ExpiresAt int64   `json:"exp,omitempty"`
	AuthTime  int64   `json:"auth_time,omitempty"`
	SessionID string  `json:"sid,omitempty"`
	Anonymous *bool   `json:"anonymous,omitempty"`
}

// introspect answers RFC 7662, for gateways that speak that.
func (s Settings) introspect(w http.ResponseWriter, r *http.Request) {
	caller := s.introspectionCaller(r)
	if caller == nil {
		answerJSON(w, http.StatusBadRequest, map[string]string{"error": "invalid_request"})
		return
	}
	if caller.Secret.Reveal() == "" { // a public application cannot have the behavior
		s.refuseIntrospection(w, r, &models.Error{Reason: models.ReasonApplicationInvalid})
		return
	}
	if err := s.Office.Allow(caller, applications.IntrospectTickets); err != nil {
		s.refuseIntrospection(w, r, err)
		return
	}
	const longest = 32 << 10
	r.Body = http.MaxBytesReader(w, r.Body, longest)
	if mediaType, _, _ := strings.Cut(r.Header.Get("Content-Type"), ";"); !strings.EqualFold(strings.TrimSpace(mediaType), "application/x-www-form-urlencoded") {
		answerJSON(w, http.StatusUnsupportedMediaType, map[string]string{"error": "invalid_request"})
		return
	}
	if err := r.ParseForm(); err != nil || len(r.PostForm["token"]) != 1 {
		answerJSON(w, http.StatusBadRequest, map[string]string{"error": "invalid_request"})
		return
	}
	said, err := s.Office.Introspect(secret.New(r.PostForm.Get("token")))
	if err != nil {
		s.refuseIntrospection(w, r, err)
		return
	}
	answerJSON(w, http.StatusOK, s.introspectionAnswer(said))
}

// introspectionCaller is caller with the credentials of RFC 6749 section 2.3.1, where there are any; nil where its headers cannot be read. A shopper's token is none here.
func (s Settings) introspectionCaller(r *http.Request) *tickets.Caller {
	caller, refused := s.caller(r)
	if refused != nil {
		return nil
	}
	caller.AccessToken = secret.Text{}
	if id, password, ok := r.BasicAuth(); ok {
		plainID, err := url.QueryUnescape(id)
		plainSecret, err2 := url.QueryUnescape(password)
		if errors.Join(err, err2) != nil {
			plainID = "\x00" // no application's
		}
		caller.Application, caller.Secret = plainID, secret.New(plainSecret)
	}
	return caller
}

// refuseIntrospection answers as RFC 6749 section 5.2 and RFC 7662 section 2.3 say.
func (s Settings) refuseIntrospection(w http.ResponseWriter, r *http.Request, err error) {
	found := problem.Of(err)
	if found.Reason == models.ReasonOriginNotAllowed {
		s.refusals.origin(r)
	}
	if found.Reason == models.ReasonInternal {
		s.Log.ErrorContext(r.Context(), "introspection failed", "error", err)
	}

	header := w.Header()
	if found.RetryAfterSeconds > 0 && found.Status != http.StatusInternalServerError {
		header.Set("Retry-After", strconv.Itoa(found.RetryAfterSeconds))
	}
	if found.Status == http.StatusUnauthorized {
		header.Set("WWW-Authenticate", `Basic realm="authtickets", charset="UTF-8"`)
	}
	answerJSON(w, found.Status, map[string]string{"error": oauthError(found.Status)})
}

// oauthError returns the error code of RFC 6749 for an HTTP status.
func oauthError(status int) string {
	switch status {
	case http.StatusUnauthorized:
		return "invalid_client"
	case http.StatusForbidden:
		return "access_denied"
	case http.StatusServiceUnavailable, http.StatusTooManyRequests:
		return "temporarily_unavailable"
	case http.StatusInternalServerError:
		return "server_error"
	default:
		return "invalid_request"
	}
}

func (s Settings) introspectionAnswer(said *tickets.Introspection) introspectionAnswer {
	if !said.Active {
		return introspectionAnswer{}
	}
	scope := strings.Join(said.Behaviors, " ")
	return introspectionAnswer{
		Active: true, Issuer: s.Office.Issuer, Subject: said.UserID.String(), ClientID: *said.Application, Scope: &scope, TokenType: "Bearer",
		IssuedAt: said.IssuedAt.Unix(), ExpiresAt: said.AccessTokenExpiration.Unix(), AuthTime: said.StartedAt.Unix(),
		SessionID: said.SessionID.String(), Anonymous: said.IsAnonymous,
	}
}

func answerJSON(w http.ResponseWriter, status int, answer any) {
	header := w.Header()
	header["Content-Type"], header["Cache-Control"], header["X-Content-Type-Options"] = jsonContentType, noStore, noSniff
	w.WriteHeader(status)
	text, err := json.Marshal(answer)
	if err == nil {
		_, _ = w.Write(text)
	}
}
