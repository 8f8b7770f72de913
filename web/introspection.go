package web

import (
	"context"

	"github.com/99designs/gqlgen/graphql"
	"github.com/99designs/gqlgen/graphql/errcode"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"
)

// introspection answers operations that ask about the schema, or refuses them. It is an extension of gqlgen's executor.
type introspection struct{ allowed bool }

// ExtensionName implements graphql.HandlerExtension.
func (introspection) ExtensionName() string { return "Introspection" }

// Validate implements graphql.HandlerExtension.
func (introspection) Validate(graphql.ExecutableSchema) error { return nil }

// MutateOperationContext implements graphql.OperationContextMutator.
func (i introspection) MutateOperationContext(_ context.Context, operation *graphql.OperationContext) *gqlerror.Error {
	operation.DisableIntrospection = !i.allowed
	if i.allowed || !asksForSchema(operation.Operation.SelectionSet) {
		return nil
	}
	refused := gqlerror.Errorf("Introspection is switched off.")
	errcode.Set(refused, errcode.ValidationFailed)
	return refused
}

// asksForSchema looks at the root fields. Fragments cannot go in circles any more: the document is valid.
func asksForSchema(selections ast.SelectionSet) bool {
	for _, selection := range selections {
		switch selected := selection.(type) {
		case *ast.Field:
			if selected.Name == "__schema" || selected.Name == "__type" {
				return true
			}
		case *ast.InlineFragment:
			if asksForSchema(selected.SelectionSet) {
				return true
			}
		case *ast.FragmentSpread:
			if asksForSchema(selected.Definition.SelectionSet) {
				return true
			}
		}
	}
	return false
}
