package gqlhttp

import (
	"context"

	"github.com/99designs/gqlgen/graphql"
	"github.com/99designs/gqlgen/graphql/errcode"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"
)

// nullVariables refuses a variable that is null where no null may be. A document is valid that uses a variable there that can be null, if either has a
// default value; then only the value can tell (GraphQL specification, section 6.4.1), and gqlgen does not look. It is an extension of gqlgen's executor.
type nullVariables struct{}

// ExtensionName implements graphql.HandlerExtension.
func (nullVariables) ExtensionName() string { return "NullVariables" }

// Validate implements graphql.HandlerExtension.
func (nullVariables) Validate(graphql.ExecutableSchema) error { return nil }

// MutateOperationContext implements graphql.OperationContextMutator. Another operation of the document has variables of its own, of the same name or not.
func (nullVariables) MutateOperationContext(_ context.Context, operation *graphql.OperationContext) *gqlerror.Error {
	for name, value := range operation.Variables {
		if value == nil && inSelections(name, operation.Operation.SelectionSet) {
			refused := gqlerror.Errorf("A variable is null where no null may be.")
			errcode.Set(refused, errcode.ValidationFailed)
			return refused
		}
	}
	return nil
}

// inSelections reports whether a variable stands anywhere in a selection, or in the fragments it spreads, in place of a value that must not be null.
// Fragments cannot go in circles any more: the document is valid.
func inSelections(name string, selections ast.SelectionSet) bool {
	for _, selection := range selections {
		var found bool
		switch selected := selection.(type) {
		case *ast.Field:
			found = inArguments(name, selected.Arguments) || inDirectives(name, selected.Directives) || inSelections(name, selected.SelectionSet)
		case *ast.InlineFragment:
			found = inDirectives(name, selected.Directives) || inSelections(name, selected.SelectionSet)
		case *ast.FragmentSpread:
			found = inDirectives(name, selected.Directives) || inSelections(name, selected.Definition.SelectionSet)
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
