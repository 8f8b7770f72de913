package gqlhttp

import (
	"context"
	"strings"

	"github.com/99designs/gqlgen/graphql"
	"github.com/99designs/gqlgen/graphql/errcode"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"
)

// schemaQuestions answers or refuses operations that ask about the schema. It is an extension of
// gqlgen's executor.
type schemaQuestions struct{ allowed bool }

// mostIntrospection bounds the lists and aliases below __schema and __type, because each one can
// double the answer. The query of graphql-js, which nearly all tools send, has 9. The validator
// limits how deep lists are nested.
const mostIntrospection = 20

// ExtensionName implements graphql.HandlerExtension.
func (schemaQuestions) ExtensionName() string { return "Introspection" }

// Validate implements graphql.HandlerExtension.
func (schemaQuestions) Validate(graphql.ExecutableSchema) error { return nil }

// MutateOperationContext implements graphql.OperationContextMutator.
func (q schemaQuestions) MutateOperationContext(
	_ context.Context, operation *graphql.OperationContext,
) *gqlerror.Error {
	operation.DisableIntrospection = !q.allowed

	asks, size := introspected(operation.Operation.SelectionSet)
	switch {
	case asks && !q.allowed:
		refused := gqlerror.Errorf("Introspection is switched off.")
		errcode.Set(refused, errcode.ValidationFailed)
		return refused
	case size > mostIntrospection:
		return exceeded("introspection-limit",
			"The operation asks for more than %d lists and aliases of the schema.", mostIntrospection)
	}
	return nil
}

// introspected reports whether a selection asks about the schema, and counts the lists and aliases
// that it asks for. It looks only at introspection fields and what is below them, because only the
// root has such fields. The document is valid, so fragments cannot form a cycle.
func introspected(selections ast.SelectionSet) (asks bool, size int) {
	for _, selection := range selections {
		var below ast.SelectionSet
		switch selected := selection.(type) {
		case *ast.Field:
			isListOrAlias := selected.Definition.Type.Elem != nil || selected.Alias != selected.Name
			if isListOrAlias && isIntrospection(selected.ObjectDefinition.Name) {
				size++
			}
			if !isIntrospection(selected.Definition.Type.Name()) {
				continue
			}
			asks, below = true, selected.SelectionSet
		case *ast.InlineFragment:
			below = selected.SelectionSet
		case *ast.FragmentSpread:
			below = selected.Definition.SelectionSet
		}

		more, sizeBelow := introspected(below)
		asks, size = asks || more, size+sizeBelow
	}
	return asks, size
}

// isIntrospection reports whether a type describes the schema.
func isIntrospection(typeName string) bool { return strings.HasPrefix(typeName, "__") }
