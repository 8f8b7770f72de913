package gqlhttp

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/http"
	"strings"

	"github.com/maypok86/otter/v2"

	"github.com/authtickets/authtickets/graph"
	"github.com/authtickets/authtickets/problem"
)

// How much text of documents is kept, in bytes. Each document counts as at least leastWeight, which
// bounds the number of documents. A parsed document takes up to 70 times as much memory as its
// text.
const (
	parsedText     = 256 << 10
	registeredText = 1 << 20
	leastWeight    = 512
)

func newDocumentCache[Value any](
	most uint64, text func(key string, value Value) string,
) (*otter.Cache[string, Value], error) {
	cache, err := otter.New(&otter.Options[string, Value]{
		MaximumWeight: most,
		Weigher: func(key string, value Value) uint32 {
			return uint32(max(leastWeight, len(text(key, value)))) //nolint:gosec // bounded by Limits.Document
		},
	})
	if err != nil {
		return nil, fmt.Errorf("document cache: %w", err)
	}
	return cache, nil
}

// mayHoldCredentials reports whether a document contains a string, which could be a password or a
// token. Such a document is not kept.
func mayHoldCredentials(document string) bool { return strings.Contains(document, `"`) }

// documents finds documents by their hashes. Trusted documents are listed by the operator.
// Registered ones come from clients (automatic persisted queries).
type documents struct {
	trusted     map[string]string // texts by hash
	trustedOnly bool              // no other documents are run
	registered  *otter.Cache[string, string]
}

func newDocuments(trusted map[string]string, trustedOnly bool) (*documents, error) {
	registered, err := newDocumentCache(registeredText, func(_, text string) string { return text })
	return &documents{trusted, trustedOnly, registered}, err
}

// persistedQuery names a document by its SHA-256, in lower-case hexadecimal digits.
type persistedQuery struct {
	Version int    `json:"version"`
	Hash    string `json:"sha256Hash"`
}

// resolve finds the document of a request, or refuses the request.
func (d *documents) resolve(asked *parameters, named *persistedQuery) *refusal {
	if named != nil {
		if refused := d.resolveNamed(asked, *named); refused != nil {
			return refused
		}
	}

	switch {
	case asked.Query == "":
		return refuse(http.StatusBadRequest, "There is no query.")
	case d.trustedOnly && d.trusted[hashOf(asked.Query)] == "":
		return &refusal{err: graph.NotTrustedError()}
	}
	return nil
}

func (d *documents) resolveNamed(asked *parameters, named persistedQuery) *refusal {
	if named.Version != 1 {
		return &refusal{err: graph.RequestError(problem.CodePersistedQueryNotSupported, "PersistedQueryNotSupported")}
	}

	text, isKnown := d.find(named.Hash)
	switch {
	case asked.Query == "" && isKnown:
		asked.Query = text
	case asked.Query == "":
		return &refusal{err: graph.RequestError(problem.CodePersistedQueryNotFound, "PersistedQueryNotFound")}
	case isKnown && text != asked.Query, !isKnown && hashOf(asked.Query) != named.Hash:
		return &refusal{err: graph.RequestError(problem.CodeBadUserInput, "The hash does not match the query.")}
	case !isKnown:
		asked.register = named.Hash
	}
	return nil
}

func (d *documents) find(hash string) (string, bool) {
	if text, ok := d.trusted[hash]; ok || d.trustedOnly {
		return text, ok
	}
	return d.registered.GetIfPresent(hash)
}

// keep registers the document of a request, if the client asked for that. Call it only for a valid
// document.
func (d *documents) keep(asked *parameters) {
	if asked.register != "" && !mayHoldCredentials(asked.Query) {
		d.registered.Set(asked.register, asked.Query)
	}
}

func hashOf(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:])
}
