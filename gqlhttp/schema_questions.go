package gqlhttp

import (
	"context"
	"strings"

	"github.com/99designs/gqlgen/graphql"
	"github.com/99designs/gqlgen/graphql/errcode"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"
)

// schemaQuestions answers operations that ask about the schema, or refuses them. It is an extension of gqlgen's executor.
type schemaQuestions struct{ allowed bool }

// mostIntrospection bounds the lists and aliases below __schema and __type, because each brings as much again. The question of graphql-js, and so that of
// nearly all tools, has 9. How deep lists are inside each other is the validator's to bound.
const mostIntrospection = 20

// ExtensionName implements graphql.HandlerExtension.
func (schemaQuestions) ExtensionName() string { return "Introspection" }

// Validate implements graphql.HandlerExtension.
func (schemaQuestions) Validate(graphql.ExecutableSchema) error { return nil }

// MutateOperationContext implements graphql.OperationContextMutator.
func (q schemaQuestions) MutateOperationContext(_ context.Context, operation *graphql.OperationContext) *gqlerror.Error {
	operation.DisableIntrospection = !q.allowed
	asks, size := introspected(operation.Operation.SelectionSet)
	switch {
	case asks && !q.allowed:
		refused := gqlerror.Errorf("Introspection is switched off.")
		errcode.Set(refused, errcode.ValidationFailed)
		return refused
	case size > mostIntrospection:
		return exceeded("introspection-limit", "The operation asks for more than %d lists and aliases of the schema.", mostIntrospection)
	}
	return nil
}

// introspected returns whether a selection asks about the schema, and for how many lists and aliases of it. Fields that do not are left alone with what is
// below them: the schema can be asked for at the root only. Fragments cannot go in circles any more: the document is valid.
func introspected(selections ast.SelectionSet) (asks bool, size int) {
	for _, selection := range selections {
		var below ast.SelectionSet
		switch selected := selection.(type) {
		case *ast.Field:
			if isIntrospection(selected.ObjectDefinition.Name) && (selected.Definition.Type.Elem != nil || selected.Alias != selected.Name) {
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

// isIntrospection reports whether a type is one of those that describe the schema.
func isIntrospection(typeName string) bool { return strings.HasPrefix(typeName, "__") }
