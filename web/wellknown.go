package web

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strings"

	"github.com/authtickets/authtickets/models"
)

// Where other services find what they verify tickets with.
const (
	introspectionPath  = "/oauth/introspect"
	jwksPath           = "/.well-known/jwks.json"
	metadataPath       = "/.well-known/oauth-authorization-server"
	revokedTicketsPath = "/.well-known/revoked-tickets"
)

// serverMetadata describes the server as RFC 8414 section 2 says, as far as it applies: tickets are issued over GraphQL, not by a token endpoint.
type serverMetadata struct {
	Issuer                   string   `json:"issuer"`
	JWKSURI                  string   `json:"jwks_uri"`
	ResponseTypes            []string `json:"response_types_supported"`
	GrantTypes               []string `json:"grant_types_supported"`
	IntrospectionEndpoint    string   `json:"introspection_endpoint"`
	IntrospectionAuthMethods []string `json:"introspection_endpoint_auth_methods_supported"`
	RevokedTicketsURI        string   `json:"revoked_tickets_uri"`
}

func (s Settings) metadata() http.Handler {
	base := s.Office.Issuer // has no path
	text, _ := json.Marshal(serverMetadata{
		Issuer: base, JWKSURI: base + jwksPath, ResponseTypes: []string{}, GrantTypes: []string{},
		IntrospectionEndpoint: base + introspectionPath, IntrospectionAuthMethods: []string{"client_secret_basic"},
		RevokedTicketsURI: base + revokedTicketsPath,
	})
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		answerCached(w, r, "application/json", "public, max-age=3600", string(text), tagOf(text))
	})
}

// jwks answers the public keys (RFC 7517). A new key is there for longer than an answer may be kept before it signs anything, unless the operator is in a hurry.
func (s Settings) jwks(w http.ResponseWriter, r *http.Request) {
	keys := s.Office.Signers.JWKS()
	if keys == nil {
		unavailable(w)
		return
	}
	answerCached(w, r, "application/jwk-set+json", "public, max-age=30", string(keys), tagOf(keys))
}

// revokedTickets answers the feed of sessions that have ended.
func (s Settings) revokedTickets(w http.ResponseWriter, r *http.Request) {
	feed, tag, err := s.Office.RevocationFeed()
	if err != nil {
		if !errors.Is(err, &models.Error{Reason: models.ReasonBusy}) {
			s.Log.ErrorContext(r.Context(), "list of revoked tickets not signed", "error", err)
		}
		unavailable(w)
		return
	}
	answerCached(w, r, "application/jwt", "public, max-age=1", feed, tag)
}

func unavailable(w http.ResponseWriter) {
	w.Header().Set("Retry-After", "1")
	answerJSON(w, http.StatusServiceUnavailable, map[string]string{"error": "temporarily_unavailable"})
}

// tagOf tells one text from another.
func tagOf(text []byte) string {
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:16])
}

// answerCached answers a public text that whoever asks may keep for a while, or says that the one that is kept is still right: that of the same tag, which is weak, because a signature is
// another one each time. Pages of any origin may read it.
func answerCached(w http.ResponseWriter, r *http.Request, mediaType, cacheControl, content, tag string) {
	tag = `"` + tag + `"`
	header := w.Header()
	header.Set("Cache-Control", cacheControl)
	header.Set("ETag", "W/"+tag)
	header.Set("Access-Control-Allow-Origin", "*")
	header["X-Content-Type-Options"] = noSniff
	for candidate := range strings.SplitSeq(r.Header.Get("If-None-Match"), ",") {
		if candidate = strings.TrimSpace(candidate); strings.TrimPrefix(candidate, "W/") == tag || candidate == "*" {
			w.WriteHeader(http.StatusNotModified)
			return
		}
	}
	header.Set("Content-Type", mediaType)
	_, _ = io.WriteString(w, content)
}
