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

// What is kept of clients' documents, in bytes of their texts. No document counts less than leastWeight, so that there is a bound on their
// number too. Parsed, a document takes up to 70 times as much as its text.
const (
	parsedText     = 256 << 10
	registeredText = 1 << 20
	leastWeight    = 512
)

func newDocumentCache[Value any](most uint64, text func(key string, value Value) string) (*otter.Cache[string, Value], error) {
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

// mayHoldCredentials reports whether a document has a string in it, which could be a password or a token. Such a one is not kept.
func mayHoldCredentials(document string) bool { return strings.Contains(document, `"`) }

// documents finds documents by their hashes: trusted ones, which the operator has listed, and those that clients have registered (automatic persisted queries).
type documents struct {
	trusted    map[string]string // their texts, by hash
	only       bool              // trusted ones are run, and no others
	registered *otter.Cache[string, string]
}

func newDocuments(trusted map[string]string, only bool) (*documents, error) {
	registered, err := newDocumentCache(registeredText, func(_, text string) string { return text })
	return &documents{trusted, only, registered}, err
}

// persistedQuery names a document by its hash, SHA-256 in lower-case hexadecimal digits.
type persistedQuery struct {
	Version int    `json:"version"`
	Hash    string `json:"sha256Hash"`
}

// resolve finds the document that a request means, or refuses it.
func (d *documents) resolve(asked *parameters, named *persistedQuery) *refusal {
	if named != nil {
		if refused := d.resolveNamed(asked, *named); refused != nil {
			return refused
		}
	}
	switch {
	case asked.Query == "":
		return refuse(http.StatusBadRequest, "There is no query.")
	case d.only && d.trusted[hashOf(asked.Query)] == "":
		return &refusal{err: graph.NotTrustedError()}
	}
	return nil
}

func (d *documents) resolveNamed(asked *parameters, named persistedQuery) *refusal {
	if named.Version != 1 {
		return &refusal{err: graph.RequestError(problem.CodePersistedQueryNotSupported, "PersistedQueryNotSupported")}
	}
	text, known := d.find(named.Hash)
	switch {
	case asked.Query == "" && known:
		asked.Query = text
	case asked.Query == "":
		return &refusal{err: graph.RequestError(problem.CodePersistedQueryNotFound, "PersistedQueryNotFound")}
	case known && text != asked.Query, !known && hashOf(asked.Query) != named.Hash:
		return &refusal{err: graph.RequestError(problem.CodeBadUserInput, "The hash is not that of the query.")}
	case !known:
		asked.register = named.Hash
	}
	return nil
}

func (d *documents) find(hash string) (string, bool) {
	if text, ok := d.trusted[hash]; ok || d.only {
		return text, ok
	}
	return d.registered.GetIfPresent(hash)
}

// keep registers the document of a request that wants it to be, once it has been found good.
func (d *documents) keep(asked *parameters) {
	if asked.register != "" && !mayHoldCredentials(asked.Query) {
		d.registered.Set(asked.register, asked.Query)
	}
}

func hashOf(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:])
}
