package graph

import (
	"context"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"

	"github.com/authtickets/authtickets/accounts"
	"github.com/authtickets/authtickets/tickets"
)

// Selected returns what the operation selects of the ticket or shopper in the current field. For
// _entities it returns what is selected of the accounts. Fragments, aliases, @skip and @include are
// already resolved.
//
// gqlgen collects fields again when it writes the answer, but caches them by type and selection.
// Selected uses the same arguments, so that nothing is collected twice.
func Selected(ctx context.Context) tickets.Selection {
	return selectedBy(ctx, graphql.GetFieldContext(ctx).Field, tickets.Selection{})
}

// selectedBy adds what a root field selects to what other root fields select.
func selectedBy(ctx context.Context, root graphql.CollectedField, selection tickets.Selection) tickets.Selection {
	operation := graphql.GetOperationContext(ctx)
	if root.Name == "_entities" {
		selection.Account = addSelected(selection.Account, operation, root.Selections)
		return selection
	}

	for _, field := range graphql.CollectFields(operation, root.Selections, []string{root.Definition.Type.Name()}) {
		switch field.Name {
		case "customerAccount":
			selection.Account = addSelected(selection.Account, operation, field.Selections)
		case "jwtAccessToken":
			selection.JWTAccessToken = true
		case "sessions":
			selection.Sessions = true
		}
	}
	return selection
}

// selectedAccount returns what the operation selects of the account in the current field.
func selectedAccount(ctx context.Context) *accounts.Selection {
	return addSelected(nil, graphql.GetOperationContext(ctx), graphql.GetFieldContext(ctx).Field.Selections)
}

// addSelected adds selected fields of an account to a selection, which may be nil.
func addSelected(
	selection *accounts.Selection, operation *graphql.OperationContext, selected ast.SelectionSet,
) *accounts.Selection {
	if selection == nil {
		selection = &accounts.Selection{}
	}

	for _, collected := range graphql.CollectFields(operation, selected, customerAccountImplementors) {
		if field := accounts.FieldNamed(collected.Name); field != nil { // not __typename
			selection.Add(field)
		}
	}
	return selection
}
