package kibographql_test

import (
	"strings"
	"testing"

	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"

	"github.com/authtickets/authtickets/accounts"
	"github.com/authtickets/authtickets/graph"
	"github.com/authtickets/authtickets/kibo/kibographql"
	"github.com/authtickets/authtickets/models"
	"github.com/authtickets/authtickets/test/testkit"
	"github.com/authtickets/authtickets/tickets"
)

func schema() *ast.Schema {
	facade := kibographql.NewFacade(&tickets.Office{})
	return gqlparser.MustLoadSchema(&ast.Source{Name: "schema.graphqls", Input: facade.SDL})
}

func TestEverythingIsDescribed(t *testing.T) {
	t.Parallel()
	testkit.Described(t, schema())
}

// The root fields tell to which schema a document belongs. The types below them are read with the
// code for the main schema, which knows them by their names.
func TestNamesFitTheMainSchema(t *testing.T) {
	t.Parallel()

	ours, main := schema(), graph.NewSchema(&graph.Resolver{}, true).Schema()
	for _, root := range []*ast.Definition{ours.Query, ours.Mutation} {
		for _, field := range root.Fields {
			isOfMain := main.Query.Fields.ForName(field.Name) != nil || main.Mutation.Fields.ForName(field.Name) != nil
			if isOfMain && !strings.HasPrefix(field.Name, "__") {
				t.Errorf("both schemas have the root field %s", field.Name)
			}
		}
	}

	for _, name := range []string{"CustomerAuthTicket", "CustomerAccount", "CustomerAttribute"} {
		for _, field := range ours.Types[name].Fields {
			if main.Types[name].Fields.ForName(field.Name) == nil {
				t.Errorf("the main schema has no field %s.%s", name, field.Name)
			}
		}
	}
	for _, field := range accounts.Fields() {
		isShown := field.In(&models.CustomerAccount{}) != nil
		if isShown && ours.Types["CustomerAccount"].Fields.ForName(field.Name()) == nil {
			t.Errorf("there is no field CustomerAccount.%s", field.Name())
		}
	}
}
