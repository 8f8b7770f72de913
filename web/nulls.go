package web

import (
	"context"

	"github.com/99designs/gqlgen/graphql"
	"github.com/99designs/gqlgen/graphql/errcode"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"
)

// nulls refuses a variable that is null where no null may be. A document is valid that uses a variable there that can be null, if either has a default
// value; then only the value can tell (GraphQL specification, section 6.4.1), and gqlgen does not look. It is an extension of gqlgen's executor.
type nulls struct{}

// ExtensionName implements graphql.HandlerExtension.
func (nulls) ExtensionName() string { return "Nulls" }

// Validate implements graphql.HandlerExtension.
func (nulls) Validate(graphql.ExecutableSchema) error { return nil }

// MutateOperationContext implements graphql.OperationContextMutator.
func (nulls) MutateOperationContext(_ context.Context, operation *graphql.OperationContext) *gqlerror.Error {
	for name, value := range operation.Variables {
		if value == nil && usedAsNonNull(name, operation.Doc) {
			refused := gqlerror.Errorf("A variable is null where no null may be.")
			errcode.Set(refused, errcode.ValidationFailed)
			return refused
		}
	}
	return nil
}

// usedAsNonNull reports whether a variable stands anywhere in the document in place of a value that must not be null.
func usedAsNonNull(name string, document *ast.QueryDocument) bool {
	for _, operation := range document.Operations {
		if inDirectives(name, operation.Directives) || inSelections(name, operation.SelectionSet) {
			return true
		}
	}
	for _, fragment := range document.Fragments {
		if inDirectives(name, fragment.Directives) || inSelections(name, fragment.SelectionSet) {
			return true
		}
	}
	return false
}

func inSelections(name string, selections ast.SelectionSet) bool {
	for _, selection := range selections {
		var found bool
		switch selected := selection.(type) {
		case *ast.Field:
			found = inArguments(name, selected.Arguments) || inDirectives(name, selected.Directives) || inSelections(name, selected.SelectionSet)
		case *ast.InlineFragment:
			found = inDirectives(name, selected.Directives) || inSelections(name, selected.SelectionSet)
		case *ast.FragmentSpread:
			found = inDirectives(name, selected.Directives)
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
