package graph_test

import (
	"context"
	"encoding/json"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/99designs/gqlgen/graphql/executor"
	"github.com/google/go-cmp/cmp"
	"github.com/vektah/gqlparser/v2/ast"

	"github.com/authtickets/authtickets/accounts"
	"github.com/authtickets/authtickets/graph"
	"github.com/authtickets/authtickets/models"
	"github.com/authtickets/authtickets/secret"
	"github.com/authtickets/authtickets/tickets"
)

// fixed answers every operation with the same ticket or shopper.
type fixed struct {
	graph.MutationResolver
	graph.QueryResolver

	ticket  *tickets.Ticket
	shopper *tickets.Shopper
}

func (f fixed) Mutation() graph.MutationResolver { return f }
func (f fixed) Query() graph.QueryResolver       { return f }

func (f fixed) AnonymousShopperTicket(context.Context) (*tickets.Ticket, error) { return f.ticket, nil }

func (f fixed) CurrentShopper(context.Context) (*tickets.Shopper, error) { return f.shopper, nil }

// full returns answers with a value in every field. Some of the values are hard to write.
func full() fixed {
	at := time.Date(2026, 11, 24, 9, 30, 0, 1_999_999, time.FixedZone("", 3600))
	text := "Ada \"& <Co>\" \u2028 ✓ \\ \x7f\t"
	account := &models.CustomerAccount{
		ID:     new(int64(7)),
		UserID: models.ID{1, 2},
		Attributes: []models.CustomerAttribute{
			{
				FullyQualifiedName:    text,
				AttributeDefinitionID: new(int64(-3)),
				Values:                []json.RawMessage{json.RawMessage(`{"a":[1.50,null]}`), json.RawMessage(`"x"`)},
			},
			{FullyQualifiedName: "b", Values: []json.RawMessage{}},
		},
	}

	for _, field := range accounts.Fields() {
		switch in := field.In(account).(type) {
		case **string:
			*in = &text
		case *bool:
			*in = true
		case **time.Time:
			*in = &at
		}
	}

	return fixed{
		ticket: &tickets.Ticket{
			AccessToken:            secret.New("a1"),
			AccessTokenExpiration:  at,
			AccessTokenLifetime:    15 * time.Minute,
			RefreshToken:           secret.New("r1"),
			RefreshTokenExpiration: at,
			RefreshTokenLifetime:   1999 * time.Millisecond,
			RefreshAfter:           time.Hour,
			UserID:                 models.ID{15: 9},
			Behaviors:              []string{"a", "b"},
			ClaimedAnonymousUserID: &models.ID{8},
			JWTAccessToken:         secret.New("e.y.j"),
			CustomerAccount:        account,
		},
		shopper: &tickets.Shopper{
			UserID:                models.ID{3},
			IsAnonymous:           true,
			Application:           text,
			Behaviors:             []string{"x"},
			AccessTokenExpiration: at,
			AccessTokenRemaining:  time.Second,
			SessionID:             models.ID{4},
			CustomerAccount:       account,
			Sessions: []models.Session{
				{ID: models.ID{5}, Application: text, StartedAt: at, RefreshedAt: at, ExpiresAt: at, UserAgent: text},
				{},
			},
		},
	}
}

// empty returns answers without a value in each field that may be empty or null.
func empty() fixed {
	return fixed{
		ticket:  &tickets.Ticket{Behaviors: []string{}, CustomerAccount: &models.CustomerAccount{}},
		shopper: &tickets.Shopper{Behaviors: []string{}, CustomerAccount: &models.CustomerAccount{}},
	}
}

// fieldCount counts the fields that gqlgen resolves.
type fieldCount struct{ fields atomic.Int64 }

func (*fieldCount) ExtensionName() string                   { return "FieldCount" }
func (*fieldCount) Validate(graphql.ExecutableSchema) error { return nil }

func (c *fieldCount) InterceptField(ctx context.Context, next graphql.Resolver) (any, error) {
	c.fields.Add(1)
	return next(ctx)
}

// run runs a document. It returns the data, and how many fields gqlgen has resolved for it.
func run(t *testing.T, answers fixed, query string, extensions ...graphql.HandlerExtension) (data any, resolved int64) {
	t.Helper()
	exec := executor.New(graph.NewExecutableSchema(graph.Config{Resolvers: answers}))
	count := &fieldCount{}

	for _, extension := range append(extensions, count) {
		exec.Use(extension)
	}

	ctx := graphql.StartOperationTrace(t.Context())
	operation, faults := exec.CreateOperationContext(ctx, &graphql.RawParams{Query: query})
	if len(faults) > 0 {
		t.Fatalf("%s: %v", query, faults)
	}

	respond, ctx := exec.DispatchOperation(ctx, operation)
	response := respond(ctx)
	if len(response.Errors) > 0 {
		t.Fatalf("%s: %v", query, response.Errors)
	}

	decoder := json.NewDecoder(strings.NewReader(string(response.Data)))
	decoder.UseNumber()
	if err := decoder.Decode(&data); err != nil {
		t.Fatalf("%s: %v: %s", query, err, response.Data)
	}

	return data, count.fields.Load()
}

// selections returns selections of a type: each field alone, one field under two aliases, all
// fields in fragments, and at last all fields.
func selections(types map[string]*ast.Definition, name string) []string {
	var alone []string
	for _, field := range types[name].Fields {
		if strings.HasPrefix(field.Name, "__") {
			continue
		}

		below := ""
		if inner := types[field.Type.Name()]; inner.Kind == ast.Object {
			all := selections(types, inner.Name)
			below = " { " + all[len(all)-1] + " }"
		}

		alone = append(alone, field.Name+below)
	}

	all := strings.Join(alone, " ") + " __typename"
	return append(
		slices.Clone(alone),
		"one: "+alone[0]+" two: "+alone[0],
		"... on "+name+" { "+all+" } ... @skip(if: true) { "+alone[0]+" } other: __typename",
		all,
	)
}

// Direct writes the same as gqlgen, for every selection.
func TestDirect(t *testing.T) {
	t.Parallel()

	types := schema(t).Types
	var documents []string
	for _, selection := range selections(types, "CustomerAuthTicket") {
		documents = append(documents, "mutation { anonymousShopperTicket { "+selection+" } }")
	}

	for _, selection := range selections(types, "Shopper") {
		documents = append(documents, "{ currentShopper { "+selection+" } }")
	}

	for _, selection := range selections(types, "CustomerAccount") {
		documents = append(documents, "{ currentShopper { customerAccount { "+selection+" } } }")
	}

	for _, query := range documents {
		for _, answers := range []fixed{full(), empty()} {
			want, _ := run(t, answers, query)
			got, resolved := run(t, answers, query, graph.Direct{})
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("%s: %s", query, diff)
			}
			if resolved != 1 {
				t.Errorf("%s: %d fields were left to gqlgen", query, resolved-1)
			}
		}
	}
}
