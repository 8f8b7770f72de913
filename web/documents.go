package web

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/maypok86/otter/v2"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/validator"
	"github.com/vektah/gqlparser/v2/validator/rules"

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

// parsedDocuments keeps documents that were found good, in their parsed form, by their text. It is the query cache of gqlgen's executor.
type parsedDocuments struct {
	trusted map[string]weighedDocument
	cache   *otter.Cache[string, weighedDocument]
	weigh   func(*ast.QueryDocument) int
}

type weighedDocument struct {
	*ast.QueryDocument

	weight int
}

func newParsedDocuments() (*parsedDocuments, error) {
	cache, err := newDocumentCache(parsedText, func(text string, _ weighedDocument) string { return text })
	return &parsedDocuments{trusted: map[string]weighedDocument{}, cache: cache}, err
}

// Get implements graphql.Cache.
func (d *parsedDocuments) Get(_ context.Context, text string) (*ast.QueryDocument, bool) {
	known, ok := d.find(text)
	return known.QueryDocument, ok
}

func (d *parsedDocuments) find(text string) (weighedDocument, bool) {
	if document, ok := d.trusted[text]; ok {
		return document, true
	}
	return d.cache.GetIfPresent(text)
}

// weight returns how many fields the answer to a good document may have.
func (d *parsedDocuments) weight(text string, document *ast.QueryDocument) int {
	if known, ok := d.find(text); ok {
		return known.weight
	}
	return d.weigh(document)
}

// Add implements graphql.Cache.
func (d *parsedDocuments) Add(_ context.Context, text string, document *ast.QueryDocument) {
	if !mayHoldCredentials(text) {
		d.cache.Set(text, weighedDocument{document, d.weigh(document)})
	}
}

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

// ErrNotAManifest is returned for text that is no manifest of operations.
var ErrNotAManifest = errors.New("not a manifest of the format apollo-persisted-query-manifest, version 1")

// ReadManifest reads the manifest that @apollo/generate-persisted-query-manifest writes, and returns the documents in it by their hashes.
func ReadManifest(text []byte) (map[string]string, error) {
	var manifest struct {
		Format     string `json:"format"`
		Version    int    `json:"version"`
		Operations []struct {
			ID   string `json:"id"`
			Body string `json:"body"`
		} `json:"operations"`
	}
	if err := json.Unmarshal(text, &manifest); err != nil || manifest.Format != "apollo-persisted-query-manifest" || manifest.Version != 1 {
		return nil, ErrNotAManifest
	}
	documents := make(map[string]string, len(manifest.Operations))
	for i, operation := range manifest.Operations {
		_, known := documents[operation.ID]
		switch {
		case operation.Body == "":
			return nil, fmt.Errorf("%w: operation %d has no body", ErrNotAManifest, i+1)
		case operation.ID != hashOf(operation.Body):
			return nil, fmt.Errorf("%w: the id of operation %d is not the SHA-256 of its body", ErrNotAManifest, i+1)
		case known:
			return nil, fmt.Errorf("%w: operation %d has the id of another", ErrNotAManifest, i+1)
		}
		documents[operation.ID] = operation.Body
	}
	return documents, nil
}

// trust parses the trusted documents once and for all, and returns what is wrong with each that the schema or the limits refuse.
func (d *parsedDocuments) trust(documents map[string]string, schema *ast.Schema, limited bounds) error {
	var faults []error
	for id, text := range documents {
		document, refused, err := limited.parse(text)
		if refused != nil {
			err = refused
		} else if err == nil {
			if list := validator.ValidateWithRules(schema, document, rules.NewDefaultRules()); len(list) > 0 {
				err = list
			}
		}
		if err != nil {
			faults = append(faults, fmt.Errorf("operation %s: %w", id, err))
			continue
		}
		d.trusted[text] = weighedDocument{document, d.weigh(document)}
	}
	return errors.Join(faults...)
}
