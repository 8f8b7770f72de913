package gqlhttp

import (
	"context"

	"github.com/99designs/gqlgen/graphql"
	"github.com/99designs/gqlgen/graphql/errcode"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"
)

// nullVariables refuses a variable that is null where null is not allowed. This is possible in a
// valid document if the variable or the argument has a default value. So the value must be checked
// (GraphQL specification, section 6.4.1), but gqlgen does not do that. nullVariables is an
// extension of gqlgen's executor.
type nullVariables struct{}

// ExtensionName implements graphql.HandlerExtension.
func (nullVariables) ExtensionName() string { return "NullVariables" }

// Validate implements graphql.HandlerExtension.
func (nullVariables) Validate(graphql.ExecutableSchema) error { return nil }

// MutateOperationContext implements graphql.OperationContextMutator. It looks only at the operation
// that is run: others can have variables of the same name.
func (nullVariables) MutateOperationContext(_ context.Context, operation *graphql.OperationContext) *gqlerror.Error {
	for name, value := range operation.Variables {
		if value == nil && inSelections(name, operation.Operation.SelectionSet) {
			refused := gqlerror.Errorf("A variable is null where null is not allowed.")
			errcode.Set(refused, errcode.ValidationFailed)
			return refused
		}
	}
	return nil
}

// inSelections reports whether a selection, or a fragment in it, uses a variable for a value that
// must not be null. The document is valid, so fragments cannot form a cycle.
func inSelections(name string, selections ast.SelectionSet) bool {
	for _, selection := range selections {
		var found bool
		switch selected := selection.(type) {
		case *ast.Field:
			found = inArguments(name, selected.Arguments) ||
				inDirectives(name, selected.Directives) ||
				inSelections(name, selected.SelectionSet)
		case *ast.InlineFragment:
			found = inDirectives(name, selected.Directives) || inSelections(name, selected.SelectionSet)
		case *ast.FragmentSpread:
			found = inDirectives(name, selected.Directives) ||
				inSelections(name, selected.Definition.SelectionSet)
		}
		if found {
			return true
		}
	}
	return false
}

func inDirectives(name string, directives ast.DirectiveList) bool {
	for _, directive := range directives {
		if inArguments(name, directive.Arguments) {
			return true
		}
	}
	return false
}

func inArguments(name string, arguments ast.ArgumentList) bool {
	for _, argument := range arguments {
		if inValue(name, argument.Value) {
			return true
		}
	}
	return false
}

func inValue(name string, value *ast.Value) bool {
	if value.Kind == ast.Variable {
		return value.Raw == name && value.ExpectedType != nil && value.ExpectedType.NonNull
	}
	for _, child := range value.Children {
		if inValue(name, child.Value) {
			return true
		}
	}
	return false
}
