package web

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"strconv"
	"strings"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"
	"github.com/vektah/gqlparser/v2/parser"

	"github.com/authtickets/authtickets/graph"
	"github.com/authtickets/authtickets/problem"
)

// Limits bound what one request may ask for. The tags are the names of the settings, their words in --help and their defaults, which any operation
// of this schema stays far below, the introspection of GraphiQL too. All must be positive.
type Limits struct {
	Body           int64 `name:"body-limit" help:"Longest body of a request, in bytes." default:"65536"`
	Document       int   `name:"document-limit" help:"Longest document, in bytes." default:"16384"`
	Tokens         int   `name:"token-limit" help:"Most tokens of a document." default:"1000"`
	Depth          int   `name:"depth-limit" help:"Most fields and inline fragments inside each other." default:"25"`
	RootFields     int   `name:"root-field-limit" help:"Most fields that an operation selects at its root." default:"10"`
	Aliases        int   `name:"alias-limit" help:"Most aliases in a document." default:"30"`
	SameFields     int   `name:"same-field-limit" help:"Most fields of a document with the same name in the answer; validation compares each with each." default:"50"`
	Directives     int   `name:"directive-limit" help:"Most directives in a document." default:"50"`
	Complexity     int   `name:"complexity-limit" help:"Most fields of all operations of a document, each counted as often as fragments and lists may repeat it." default:"600"`
	Answer         int   `name:"answer-limit" help:"Longest answer to a query, in bytes of its data." default:"524288"`
	Variables      int   `name:"variables-limit" help:"Longest variables, in bytes of JSON." default:"32768"`
	VariablesDepth int   `name:"variables-depth-limit" help:"Most objects and lists inside each other in the variables." default:"16"`
}

// DefaultLimits returns the limits of a server that is not told otherwise.
func DefaultLimits() Limits {
	var limits Limits
	for field, limit := range reflect.ValueOf(&limits).Elem().Fields() {
		most, _ := strconv.ParseInt(field.Tag.Get("default"), 10, 64) // Check refuses the 0 of a tag that is no number
		limit.SetInt(most)
	}
	return limits
}

// Check returns all limits that are not positive, by the names of their settings.
func (l Limits) Check() error {
	var faults []error
	for field, limit := range reflect.ValueOf(l).Fields() {
		if limit.Int() <= 0 {
			faults = append(faults, fmt.Errorf("--%s: must be more than 0", field.Tag.Get("name")))
		}
	}
	return errors.Join(faults...)
}

// exceeded is the error of a document that goes beyond a limit, which is named as its setting is, if it is one.
func exceeded(limit, message string, most int) *gqlerror.Error {
	return graph.LimitError(problem.CodeValidationFailed, limit, fmt.Sprintf(message, most))
}

// bounds holds documents to the limits before they are validated, because that is where a hostile one costs most. It is an extension of gqlgen's executor.
type bounds struct {
	limits Limits
	// credentialFields are the root fields that the schema marks with @oncePerOperation.
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

// MutateOperationParameters implements graphql.OperationParameterMutator. What is not GraphQL it leaves to the executor, which parses it again.
func (b bounds) MutateOperationParameters(ctx context.Context, asked *graphql.RawParams) *gqlerror.Error {
	if _, good := b.parsed.Get(ctx, asked.Query); good {
		return nil
	}

	_, refused, _ := b.parse(asked.Query)
	return refused
}

// parse parses a document that keeps to the limits. One that does not is refused; one that is not GraphQL is an error.
func (b bounds) parse(text string) (document *ast.QueryDocument, refused *gqlerror.Error, err error) {
	if len(text) > b.limits.Document {
		return nil, exceeded("document-limit", "The document has more than %d bytes.", b.limits.Document), nil
	}
	document, err = parser.ParseQueryWithTokenLimit(&ast.Source{Input: text}, b.limits.Tokens)
	switch {
	case err == nil:
		return document, b.check(document), nil
	case strings.Contains(err.Error(), "exceeded token limit"): // the parser has no other sign
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
		whole = whole.beside(m.all(operation.SelectionSet))
	}
	return whole.fields
}

func (b bounds) newMeasure() measure {
	return measure{
		credentialFields: b.credentialFields, weights: b.weights,
		fragments: map[string]*ast.FragmentDefinition{}, sizes: map[string]size{}, names: map[string]int{},
	}
}

// check returns which limit a document exceeds; nil when it keeps to all.
func (b bounds) check(document *ast.QueryDocument) *gqlerror.Error {
	m := b.newMeasure()
	for _, fragment := range document.Fragments {
		if m.fragments[fragment.Name] != nil { // validation would say so, but not before it has compared all of both
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
		whole = whole.beside(m.all(operation.SelectionSet))
	}
	for name := range m.fragments { // those that no operation spreads are validated too
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
		return exceeded("same-field-limit", "The document has more than %d fields with the same name in the answer.", limits.SameFields)
	case m.directives > limits.Directives:
		return exceeded("directive-limit", "The document has more than %d directives.", limits.Directives)
	case whole.fields > limits.Complexity:
		return exceeded("complexity-limit",
			"The operations select more than %d fields, with those of each item of a list.", limits.Complexity)
	}
	return nil
}

// size is how large a selection is, with all that its fragments bring: how deep it goes, how many fields it has, and how many of them on its first level.
type size struct{ depth, fields, rootFields, credentialFields int }

// tooMany is where counting ends: fragments that spread each other double the number of fields with each.
const tooMany = 1 << 30

// plus is the size of a selection that has both.
func (s size) plus(other size) size {
	return size{
		max(s.depth, other.depth), min(s.fields+other.fields, tooMany), min(s.rootFields+other.rootFields, tooMany),
		min(s.credentialFields+other.credentialFields, tooMany),
	}
}

// beside is the size of a document with both operations, of which one is run.
func (s size) beside(other size) size {
	return size{
		max(s.depth, other.depth), min(s.fields+other.fields, tooMany), max(s.rootFields, other.rootFields),
		max(s.credentialFields, other.credentialFields),
	}
}

// measure takes the sizes of selections, of each fragment once, and counts what stands in the document.
type measure struct {
	credentialFields    map[string]bool
	weights             map[string]weight
	fragments           map[string]*ast.FragmentDefinition
	sizes               map[string]size // of the fragments
	names               map[string]int  // how many fields have each name in the answer
	mostOfOne           int
	aliases, directives int
	outOfRange          bool // a number is, which gqlgen would panic for
}

func (m *measure) all(selections ast.SelectionSet) size {
	var whole size
	for _, selection := range selections {
		switch selected := selection.(type) {
		case *ast.Field:
			whole = whole.plus(m.field(selected))
		case *ast.InlineFragment:
			m.note(selected.Directives)
			below := m.all(selected.SelectionSet)
			below.depth++
			whole = whole.plus(below)
		case *ast.FragmentSpread:
			m.note(selected.Directives)
			whole = whole.plus(m.fragment(selected.Name))
		}
	}
	return whole
}

func (m *measure) field(field *ast.Field) size {
	m.note(field.Directives)
	for _, argument := range field.Arguments {
		m.value(argument.Value)
	}
	m.names[field.Alias]++
	m.mostOfOne = max(m.mostOfOne, m.names[field.Alias])
	if field.Alias != field.Name {
		m.aliases++
	}
	below := m.all(field.SelectionSet)
	whole := size{depth: below.depth + 1, fields: min(m.weights[field.Name].of(below.fields), tooMany), rootFields: 1}
	if m.credentialFields[field.Name] {
		whole.credentialFields = 1
	}
	return whole
}

// fragment returns the size of a fragment. One that spreads itself counts as nothing there: validation refuses it.
func (m *measure) fragment(name string) size {
	if known, ok := m.sizes[name]; ok {
		return known
	}
	m.sizes[name] = size{}
	if fragment := m.fragments[name]; fragment != nil {
		m.note(fragment.Directives)
		m.sizes[name] = m.all(fragment.SelectionSet)
	}
	return m.sizes[name]
}

// note takes down what directives there are.
func (m *measure) note(directives ast.DirectiveList) {
	m.directives += len(directives)
	for _, directive := range directives {
		for _, argument := range directive.Arguments {
			m.value(argument.Value)
		}
	}
}

func (m *measure) value(value *ast.Value) {
	if value == nil {
		return
	}
	if value.Kind == ast.IntValue || value.Kind == ast.FloatValue {
		_, err := value.Value(nil)
		m.outOfRange = m.outOfRange || err != nil
	}
	for _, child := range value.Children {
		m.value(child.Value)
	}
}
