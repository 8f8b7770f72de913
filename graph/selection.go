package graph

import (
	"context"
	"slices"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"

	"github.com/authtickets/authtickets/accounts"
	"github.com/authtickets/authtickets/tickets"
)

// accountColumns says which columns a field of CustomerAccount needs, beside those that are always read.
func accountColumns(field string) (column string, known bool) {
	switch field {
	case "acceptsMarketing":
		return "accepts_marketing", true
	case "accountType":
		return "account_type", true
	case "companyOrOrganization":
		return "company_or_organization", true
	case "customerSet":
		return "customer_set", true
	case "customerSinceDate":
		return "customer_since_date", true
	case "emailAddress":
		return "email_address", true
	case "externalId":
		return "external_id", true
	case "firstName":
		return "first_name", true
	case "lastName":
		return "last_name", true
	case "localeCode":
		return "locale_code", true
	case "taxExempt":
		return "tax_exempt", true
	case "taxId":
		return "tax_id", true
	case "userName":
		return "user_name", true
	case "attributes", "hasExternalPassword", "id", "isActive", "isAnonymous", "isLocked", "userId", "__typename":
		return "", true // computed, or always read
	default:
		return "", false
	}
}

// selected returns what the operation selects of a ticket or shopper below the present field. Of _entities it returns what is selected of the accounts
// there. Fragments, aliases, @skip and @include are already resolved in what it sees.
//
// gqlgen keeps for each operation the fields it has collected of a type, and asks again when it writes the answer. So that
// nothing is collected twice, this asks in the same words.
func selected(ctx context.Context) tickets.Selection {
	return selectedBy(ctx, graphql.GetFieldContext(ctx).Field, tickets.Selection{})
}

// selectedBy adds what a root field selects to what others do.
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

// selectedAccount returns what the operation selects of the account that the present field is.
func selectedAccount(ctx context.Context) *accounts.Selection {
	return addSelected(nil, graphql.GetOperationContext(ctx), graphql.GetFieldContext(ctx).Field.Selections)
}

func addSelected(selection *accounts.Selection, operation *graphql.OperationContext, selected ast.SelectionSet) *accounts.Selection {
	if selection == nil {
		selection = &accounts.Selection{}
	}
	for _, field := range graphql.CollectFields(operation, selected, customerAccountImplementors) {
		if column, _ := accountColumns(field.Name); column != "" && !slices.Contains(selection.Columns, column) {
			selection.Columns = append(selection.Columns, column)
		}
		selection.Attributes = selection.Attributes || field.Name == "attributes"
	}
	return selection
}
