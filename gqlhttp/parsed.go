package gqlhttp

import (
	"context"

	"github.com/maypok86/otter/v2"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/validator"
	"github.com/vektah/gqlparser/v2/validator/rules"
)

// parsedDocuments keeps valid documents in parsed form, by their text. It is the query cache of
// gqlgen's executor.
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
	found, ok := d.find(text)
	return found.QueryDocument, ok
}

func (d *parsedDocuments) find(text string) (weighedDocument, bool) {
	if document, ok := d.trusted[text]; ok {
		return document, true
	}
	return d.cache.GetIfPresent(text)
}

// weight returns how many fields the answer to a valid document may have.
func (d *parsedDocuments) weight(text string, document *ast.QueryDocument) int {
	if found, ok := d.find(text); ok {
		return found.weight
	}
	return d.weigh(document)
}

// Add implements graphql.Cache.
func (d *parsedDocuments) Add(_ context.Context, text string, document *ast.QueryDocument) {
	if !mayHoldCredentials(text) {
		d.cache.Set(text, weighedDocument{document, d.weigh(document)})
	}
}

// trust keeps a document for good. It returns an error if the document does not fit the schema or
// exceeds a limit.
func (d *parsedDocuments) trust(text string, schema *ast.Schema, limited bounds) error {
	document, refused, err := limited.parse(text)
	if refused != nil {
		return refused
	}
	if err != nil {
		return err
	}
	if faults := validator.ValidateWithRules(schema, document, rules.NewDefaultRules()); len(faults) > 0 {
		return faults
	}

	d.trusted[text] = weighedDocument{document, d.weigh(document)}
	return nil
}
