package graph

import (
	"context"

	"github.com/99designs/gqlgen/graphql"

	"github.com/authtickets/authtickets/accounts"
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

// selectedAccount returns what the operation selects of the field customerAccount below the present field; nil when it does not. Fragments,
// aliases, @skip and @include are already resolved in what it sees.
//
// gqlgen keeps for each operation the fields it has collected of a type, and asks again when it writes the answer. So that
// nothing is collected twice, this asks in the same words.
func selectedAccount(ctx context.Context) *accounts.Selection {
	operation, present := graphql.GetOperationContext(ctx), graphql.GetFieldContext(ctx).Field
	var selection *accounts.Selection
	for _, field := range graphql.CollectFields(operation, present.Selections, []string{present.Definition.Type.Name()}) {
		if field.Name != "customerAccount" {
			continue
		}
		if selection == nil {
			selection = &accounts.Selection{}
		}
		for _, wanted := range graphql.CollectFields(operation, field.Selections, customerAccountImplementors) {
			if column, _ := accountColumns(wanted.Name); column != "" {
				selection.Columns = append(selection.Columns, column)
			}
			selection.Attributes = selection.Attributes || wanted.Name == "attributes"
		}
	}
	return selection
}
