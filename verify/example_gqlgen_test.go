package verify_test

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"github.com/authtickets/authtickets/verify"
)

// This shows a GraphQL server made with gqlgen, with its handler behind Middleware:
//
//	config := generated.Config{Resolvers: &resolver{}}
//	config.Directives.Needs = needs // directive @needs(behavior: String!) on FIELD_DEFINITION
//	server := handler.New(generated.NewExecutableSchema(config))
//	server.AroundOperations(forShoppers)
//	http.Handle("/graphql", verifier.Middleware(server))
//
// needs and forShoppers have the types that gqlgen requires. The example calls them as gqlgen does.
func Example_gqlgen() {
	shopper := &verify.Shopper{UserID: "0123456789abcdef0123456789abcdef", Behaviors: []string{"cart.read"}}
	ctx := verify.WithShopper(context.Background(), shopper) // Middleware does that

	cart := func(ctx context.Context) (any, error) { return cartResolver(ctx) } // generated
	fmt.Println(needs(ctx, nil, cart, "cart.read"))
	fmt.Println(needs(ctx, nil, cart, "cart.write"))

	run := func(context.Context) graphql.ResponseHandler { return nil }
	response := forShoppers(context.Background(), run)(context.Background())
	fmt.Println(response.Errors)
	// Output:
	// the cart of 0123456789abcdef0123456789abcdef <nil>
	// <nil> input: this needs cart.write
	// input: who are you?
}

// needs is the directive. It resolves a field only if the ticket permits it.
func needs(ctx context.Context, _ any, next graphql.Resolver, behavior string) (any, error) {
	if shopper, _ := verify.ShopperOf(ctx); !shopper.Has(behavior) {
		return nil, &gqlerror.Error{Message: "this needs " + behavior, Extensions: map[string]any{"code": "FORBIDDEN"}}
	}
	return next(ctx)
}

// forShoppers runs only operations of shoppers. Behind Middleware there are no others, but it also
// protects a handler that is not behind Middleware by mistake.
func forShoppers(ctx context.Context, next graphql.OperationHandler) graphql.ResponseHandler {
	if _, ok := verify.ShopperOf(ctx); !ok {
		return graphql.OneShot(&graphql.Response{
			Errors: gqlerror.List{{Message: "who are you?", Extensions: map[string]any{"code": "UNAUTHENTICATED"}}},
		})
	}
	return next(ctx)
}

// cartResolver resolves a field. The ticket, not an argument, decides whose cart it is.
func cartResolver(ctx context.Context) (string, error) {
	shopper, ok := verify.ShopperOf(ctx)
	if !ok {
		return "", errors.New("no shopper")
	}
	return "the cart of " + shopper.UserID, nil
}

// exampleTB is passed to test helpers in place of a test, so that examples can use them.
type exampleTB struct{ testing.TB }

func (exampleTB) Helper()           {}
func (exampleTB) Fatal(args ...any) { panic(fmt.Sprint(args...)) }
