package gqlhttp

import (
	"context"
	"errors"
	"fmt"

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

// trust parses the trusted documents once. It returns an error for each document that does not fit
// the schema or exceeds a limit.
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
