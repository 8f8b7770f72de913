package gqlhttp

import (
	"context"
	"fmt"
	"strings"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"
	"github.com/vektah/gqlparser/v2/parser"

	"github.com/authtickets/authtickets/graph"
	"github.com/authtickets/authtickets/problem"
)

// exceeded returns the error of a document that exceeds a limit. The limit has the name of its
// setting, if it is a setting.
func exceeded(limit, message string, most int) *gqlerror.Error {
	return graph.LimitError(problem.CodeValidationFailed, limit, fmt.Sprintf(message, most))
}

// bounds checks the limits before a document is validated, because validation is the most expensive
// step for a hostile document. It is an extension of gqlgen's executor.
type bounds struct {
	limits Limits
	// credentialFields are the root fields with the directive @oncePerOperation.
	credentialFields map[string]bool
	parsed           *parsedDocuments
	weights          map[string]weight
}

func newBounds(limits Limits, schema *ast.Schema, parsed *parsedDocuments, sessions int) bounds {
	fields := map[string]bool{}
	for _, root := range []*ast.Definition{schema.Query, schema.Mutation} {
		for _, field := range root.Fields {
			if field.Directives.ForName("oncePerOperation") != nil {
				fields[field.Name] = true
			}
		}
	}

	limited := bounds{limits, fields, parsed, weightsOf(sessions)}
	parsed.weigh = limited.weigh
	return limited
}

// ExtensionName implements graphql.HandlerExtension.
func (bounds) ExtensionName() string { return "Limits" }

// Validate implements graphql.HandlerExtension.
func (bounds) Validate(graphql.ExecutableSchema) error { return nil }

// MutateOperationParameters implements graphql.OperationParameterMutator. It accepts a text that is
// not GraphQL, because the executor parses the text again and reports that.
func (b bounds) MutateOperationParameters(ctx context.Context, asked *graphql.RawParams) *gqlerror.Error {
	if _, isValid := b.parsed.Get(ctx, asked.Query); isValid {
		return nil
	}

	_, refused, _ := b.parse(asked.Query)
	return refused
}

// parse parses a document. It returns refused if the document exceeds a limit, and an error if the
// text is not GraphQL.
func (b bounds) parse(text string) (document *ast.QueryDocument, refused *gqlerror.Error, err error) {
	if len(text) > b.limits.Document {
		return nil, exceeded("document-limit", "The document has more than %d bytes.", b.limits.Document), nil
	}
	document, err = parser.ParseQueryWithTokenLimit(&ast.Source{Input: text}, b.limits.Tokens)
	switch {
	case err == nil:
		return document, b.check(document), nil
	case strings.Contains(err.Error(), "exceeded token limit"): // the parser has no sentinel error
		return nil, exceeded("token-limit", "The document has more than %d tokens.", b.limits.Tokens), nil
	default:
		return nil, nil, err
	}
}

// weigh returns how many fields the answer to a document may have.
func (b bounds) weigh(document *ast.QueryDocument) int {
	m := b.newMeasure()
	for _, fragment := range document.Fragments {
		m.fragments[fragment.Name] = fragment
	}

	var whole size
	for _, operation := range document.Operations {
		whole = whole.or(m.all(operation.SelectionSet))
	}
	return whole.fields
}

func (b bounds) newMeasure() measure {
	return measure{
		credentialFields: b.credentialFields,
		weights:          b.weights,
		fragments:        map[string]*ast.FragmentDefinition{},
		sizes:            map[string]size{},
		names:            map[string]int{},
	}
}

// check returns an error for the first limit that a document exceeds, or nil.
func (b bounds) check(document *ast.QueryDocument) *gqlerror.Error {
	m := b.newMeasure()
	for _, fragment := range document.Fragments {
		// Validation reports this too, but only after it has compared everything in both.
		if m.fragments[fragment.Name] != nil {
			return graph.RequestError(problem.CodeValidationFailed, "Two fragments have the same name.")
		}
		m.fragments[fragment.Name] = fragment
	}

	var whole size
	for _, operation := range document.Operations {
		m.note(operation.Directives)
		for _, variable := range operation.VariableDefinitions {
			m.note(variable.Directives)
			m.value(variable.DefaultValue)
		}
		whole = whole.or(m.all(operation.SelectionSet))
	}
	for name := range m.fragments { // unused ones are validated too
		whole.depth = max(whole.depth, m.fragment(name).depth)
	}

	switch limits := b.limits; {
	case m.outOfRange:
		return graph.RequestError(problem.CodeValidationFailed, "A number in the document is too large.")
	case whole.depth > limits.Depth:
		return exceeded("depth-limit", "The document has fields nested deeper than %d levels.", limits.Depth)
	case whole.rootFields > limits.RootFields:
		return exceeded("root-field-limit", "An operation selects more than %d fields at its root.", limits.RootFields)
	case whole.credentialFields > 1:
		return exceeded("credential-field-limit", "An operation may sign in, refresh or sign out %d time.", 1)
	case m.aliases > limits.Aliases:
		return exceeded("alias-limit", "The document has more than %d aliases.", limits.Aliases)
	case m.mostOfOne > limits.SameFields:
		return exceeded("same-field-limit",
			"The document has more than %d fields with the same name in the answer.", limits.SameFields)
	case m.directives > limits.Directives:
		return exceeded("directive-limit", "The document has more than %d directives.", limits.Directives)
	case whole.fields > limits.Complexity:
		return exceeded("complexity-limit",
			"The operations select more than %d fields, counted for each item of a list.", limits.Complexity)
	}
	return nil
}
