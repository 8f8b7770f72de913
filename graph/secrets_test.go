package graph_test

import (
	"context"
	"fmt"
	"reflect"
	"strings"
	"testing"

	"github.com/99designs/gqlgen/graphql"
	"github.com/99designs/gqlgen/graphql/executor"

	"github.com/authtickets/authtickets/graph"
	"github.com/authtickets/authtickets/models"
)

// No text of a request reaches a resolver as a plain string, because it could be a password or a
// token.
func TestArgumentsAreSecret(t *testing.T) {
	t.Parallel()

	for _, resolvers := range []reflect.Type{
		reflect.TypeFor[graph.MutationResolver](), reflect.TypeFor[graph.QueryResolver](),
	} {
		for method := range resolvers.Methods() {
			for argument := range method.Type.Ins() {
				if argument.Kind() == reflect.Pointer {
					argument = argument.Elem()
				}
				if argument.Kind() == reflect.String {
					t.Errorf("%s takes a plain string", method.Name)
				}
			}
		}
	}
}

// creator keeps the input of createAccount.
type creator struct {
	fixed

	got *map[string]any
}

func (c creator) Mutation() graph.MutationResolver { return c }

func (c creator) CreateAccount(_ context.Context, input map[string]any) (*models.CustomerAccount, error) {
	*c.got = input
	return &models.CustomerAccount{}, nil
}

// Printing or logging the whole input of an account does not show the password in it.
func TestInputIsSecret(t *testing.T) {
	t.Parallel()

	var got map[string]any
	exec := executor.New(graph.NewExecutableSchema(graph.Config{Resolvers: creator{full(), &got}}))
	ctx := graphql.StartOperationTrace(t.Context())
	operation, faults := exec.CreateOperationContext(ctx, &graphql.RawParams{
		Query: `mutation { createAccount(input: {userName: "ada", password: "hunter2", taxExempt: true}) { userId } }`,
	})
	if len(faults) > 0 {
		t.Fatal(faults)
	}

	respond, ctx := exec.DispatchOperation(ctx, operation)
	if response := respond(ctx); len(response.Errors) > 0 {
		t.Fatal(response.Errors)
	}
	if text := fmt.Sprintf("%v %+v %#v", got, got, got); len(got) != 3 || strings.Contains(text, "hunter2") {
		t.Error(text)
	}
}
