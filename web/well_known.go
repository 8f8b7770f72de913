package web

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"github.com/authtickets/authtickets/models"
	"github.com/authtickets/authtickets/tickets"
	"github.com/authtickets/authtickets/timing"
)

// Paths for services that verify tickets.
const (
	introspectionPath  = "/oauth/introspect"
	jwksPath           = "/.well-known/jwks.json"
	metadataPath       = "/.well-known/oauth-authorization-server"
	revokedTicketsPath = "/.well-known/revoked-tickets"
)

// serverMetadata describes the server (RFC 8414 section 2). It names no token endpoint, because
// tickets are issued over GraphQL.
type serverMetadata struct {
	Issuer                   string   `json:"issuer"`
	JWKSURI                  string   `json:"jwks_uri"`
	ResponseTypes            []string `json:"response_types_supported"`
	GrantTypes               []string `json:"grant_types_supported"`
	IntrospectionEndpoint    string   `json:"introspection_endpoint"`
	IntrospectionAuthMethods []string `json:"introspection_endpoint_auth_methods_supported"`
	RevokedTicketsURI        string   `json:"revoked_tickets_uri"`
}

// wellKnown serves the documents that other services need to verify tickets.
type wellKnown struct {
	office *tickets.Office
	log    *slog.Logger
}

func (d wellKnown) metadata() http.Handler {
	base := d.office.Issuer // without a path
	text, _ := json.Marshal(serverMetadata{
		Issuer:                   base,
		JWKSURI:                  base + jwksPath,
		ResponseTypes:            []string{},
		GrantTypes:               []string{},
		IntrospectionEndpoint:    base + introspectionPath,
		IntrospectionAuthMethods: []string{"client_secret_basic"},
		RevokedTicketsURI:        base + revokedTicketsPath,
	})
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		answerCached(w, r, "application/json", maxAge(time.Hour), string(text), tagOf(text))
	})
}

// jwks serves the public keys (RFC 7517). Before a new key signs anything, it is published for
// longer than an answer may be cached, unless the operator chose a shorter delay.
func (d wellKnown) jwks(w http.ResponseWriter, r *http.Request) {
	keys := d.office.Signers.JWKS()
	if keys == nil {
		unavailable(w)
		return
	}
	answerCached(w, r, "application/jwk-set+json", maxAge(timing.JWKSMaxAge), string(keys), tagOf(keys))
}

// revokedTickets serves the feed of sessions that have ended.
func (d wellKnown) revokedTickets(w http.ResponseWriter, r *http.Request) {
	feed, tag, err := d.office.RevocationFeed()
	if err != nil {
		if !errors.Is(err, &models.Error{Reason: models.ReasonBusy}) {
			d.log.ErrorContext(r.Context(), "list of revoked tickets not signed", "error", err)
		}
		unavailable(w)
		return
	}
	answerCached(w, r, "application/jwt", maxAge(timing.FeedMaxAge), feed, tag)
}

// maxAge returns a header that lets every cache keep an answer (RFC 9111 section 5.2.2.1).
func maxAge(age time.Duration) string { return fmt.Sprintf("public, max-age=%d", int(age.Seconds())) }

func unavailable(w http.ResponseWriter) {
	w.Header().Set("Retry-After", "1")
	answerJSON(w, http.StatusServiceUnavailable, map[string]string{"error": "temporarily_unavailable"})
}

// tagOf returns a tag that is different for every text.
func tagOf(text []byte) string {
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:16])
}

// answerCached serves a public text that clients may cache, and pages of any origin may read. It
// answers 304 if the client has the text with the same tag. The tag is weak, because texts with the
// same contents can have different signatures.
func answerCached(w http.ResponseWriter, r *http.Request, mediaType, cacheControl, content, tag string) {
	tag = `"` + tag + `"`
	header := w.Header()
	header.Set("Cache-Control", cacheControl)
	header.Set("ETag", "W/"+tag)
	header.Set("Access-Control-Allow-Origin", "*")
	header.Set("X-Content-Type-Options", "nosniff")

	for candidate := range strings.SplitSeq(r.Header.Get("If-None-Match"), ",") {
		candidate = strings.TrimSpace(candidate)
		if candidate == "*" || strings.TrimPrefix(candidate, "W/") == tag {
			w.WriteHeader(http.StatusNotModified)
			return
		}
	}

	header.Set("Content-Type", mediaType)
	_, _ = io.WriteString(w, content)
}
