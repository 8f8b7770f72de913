package web

import (
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/authtickets/authtickets/access"
	"github.com/authtickets/authtickets/inbound"
	"github.com/authtickets/authtickets/models"
	"github.com/authtickets/authtickets/problem"
	"github.com/authtickets/authtickets/secret"
	"github.com/authtickets/authtickets/tickets"
)

// introspectionAnswer describes an access token with the names of RFC 7662 section 2.2. For a token
// that is not active it is {"active":false}.
type introspectionAnswer struct {
	Active    bool    `json:"active"`
	Issuer    string  `json:"iss,omitempty"`
	Subject   string  `json:"sub,omitempty"`
	ClientID  string  `json:"client_id,omitempty"`
	Scope     *string `json:"scope,omitempty"` // behaviors; may be empty
	TokenType string  `json:"token_type,omitempty"`
	IssuedAt  int64   `json:"iat,omitempty"`
	ExpiresAt int64   `json:"exp,omitempty"`
	AuthTime  int64   `json:"auth_time,omitempty"`
	SessionID string  `json:"sid,omitempty"`
	Anonymous *bool   `json:"anonymous,omitempty"`
}

// introspection serves token introspection (RFC 7662), for gateways that need it.
type introspection struct {
	office  *tickets.Office
	callers *inbound.Callers
	log     *slog.Logger
}

// ServeHTTP implements http.Handler.
func (i *introspection) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	caller := i.callerOf(r)
	if caller == nil {
		answerJSON(w, http.StatusBadRequest, map[string]string{"error": "invalid_request"})
		return
	}
	if caller.Secret.Reveal() == "" && caller.ApplicationToken.Reveal() == "" { // so it is not confidential
		i.refuse(w, r, &models.Error{Reason: models.ReasonApplicationInvalid})
		return
	}
	token, unreadable := introspectedToken(w, r)
	found, err := i.office.Introspect(r.Context(), caller, token)
	switch {
	case err != nil: // first, so that only a caller with the right learns what is wrong with the body
		i.refuse(w, r, err)
	case unreadable != 0:
		answerJSON(w, unreadable, map[string]string{"error": "invalid_request"})
	default:
		answerJSON(w, http.StatusOK, i.answerOf(found))
	}
}

// introspectedToken returns the token in the body of a request, or the HTTP status for a body that
// cannot be read.
func introspectedToken(w http.ResponseWriter, r *http.Request) (token secret.Text, unreadable int) {
	const longest = 32 << 10
	r.Body = http.MaxBytesReader(w, r.Body, longest)
	mediaType, _, _ := strings.Cut(r.Header.Get("Content-Type"), ";")
	if !strings.EqualFold(strings.TrimSpace(mediaType), "application/x-www-form-urlencoded") {
		return secret.Text{}, http.StatusUnsupportedMediaType
	}
	if err := r.ParseForm(); err != nil || len(r.PostForm["token"]) != 1 {
		return secret.Text{}, http.StatusBadRequest
	}
	return secret.New(r.PostForm.Get("token")), 0
}

// callerOf returns the caller, or nil if a header cannot be read. The application may authenticate
// with HTTP Basic (RFC 6749 section 2.3.1). A shopper's token is ignored.
func (i *introspection) callerOf(r *http.Request) *access.Caller {
	caller, err := i.callers.Of(r)
	if err != nil {
		return nil
	}

	caller.AccessToken = secret.Text{}
	if id, password, ok := r.BasicAuth(); ok {
		plainID, err := url.QueryUnescape(id)
		plainSecret, err2 := url.QueryUnescape(password)
		if errors.Join(err, err2) != nil {
			plainID = "\x00" // not an id
		}
		caller.Application, caller.Secret = plainID, secret.New(plainSecret)
	}
	return caller
}

// refuse answers an error (RFC 6749 section 5.2, RFC 7662 section 2.3).
func (i *introspection) refuse(w http.ResponseWriter, r *http.Request, err error) {
	found := problem.Of(err)
	if found.Reason == models.ReasonOriginNotAllowed {
		i.callers.LogOrigin(r)
	}
	if found.Reason == models.ReasonInternal {
		i.log.ErrorContext(r.Context(), "introspection failed", "error", err)
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

// answerOf returns the answer about a token.
func (i *introspection) answerOf(found *tickets.Introspection) introspectionAnswer {
	if !found.Active {
		return introspectionAnswer{}
	}

	scope := strings.Join(found.Behaviors, " ")
	return introspectionAnswer{
		Active:    true,
		Issuer:    i.office.Issuer,
		Subject:   found.UserID.String(),
		ClientID:  *found.Application,
		Scope:     &scope,
		TokenType: "Bearer",
		IssuedAt:  found.IssuedAt.Unix(),
		ExpiresAt: found.AccessTokenExpiration.Unix(),
		AuthTime:  found.StartedAt.Unix(),
		SessionID: found.SessionID.String(),
		Anonymous: found.IsAnonymous,
	}
}

// answerJSON writes an answer that must not be cached.
func answerJSON(w http.ResponseWriter, status int, answer any) {
	header := w.Header()
	header.Set("Content-Type", "application/json; charset=utf-8")
	header.Set("Cache-Control", "no-store")
	header.Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(status)
	text, err := json.Marshal(answer)
	if err == nil {
		_, _ = w.Write(text)
	}
}
