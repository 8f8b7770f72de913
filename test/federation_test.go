package test_test

import (
	"encoding/hex"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/authtickets/authtickets/access"
	"github.com/authtickets/authtickets/applications"
	"github.com/authtickets/authtickets/graph"
	"github.com/authtickets/authtickets/models"
	"github.com/authtickets/authtickets/storage/storagetest"
	"github.com/authtickets/authtickets/web"
)

// subgraph serves an office as a subgraph, like operators do: without introspection.
func subgraph(t *testing.T) *guarded {
	t.Helper()
	g := &guarded{office: open(t, storagetest.SQLite(t))}
	return g.but(func(s *web.Settings) {
		s.Schema, s.Introspection = graph.NewSchema(
			&graph.Resolver{Office: g.Office, Accounts: g.Accounts}, true,
		), false
	})
}

const (
	entitiesQuery = `query ($r: [_Any!]!) { _entities(representations: $r) { ... on CustomerAccount { userId ` +
		`userName } } }`
	everything = `{ __typename ... on CustomerAccount { acceptsMarketing customerSinceDate emailAddress ` +
		`externalId firstName id isActive isLocked lastName userId userName attributes { fullyQualifiedName ` +
		`values } } }`
)

func reference(account *models.CustomerAccount) variables {
	return variables{"__typename": "CustomerAccount", "userId": hex.EncodeToString(account.UserID[:])}
}

// The answer has an account, or null and an error, for each reference.
func TestReferences(t *testing.T) {
	t.Parallel()

	g := subgraph(t)
	ada, bob := reference(g.customer("ada")), reference(g.customer("bob"))
	bearer := "Bearer " + g.signIn("ada").AccessToken
	got := g.post(entitiesQuery, variables{"r": []variables{bob, ada, bob, ada}}, "Authorization", bearer)
	own := fmt.Sprintf(`{"userId":%q,"userName":"ada"}`, ada["userId"])
	if entities := string(got.Data["_entities"]); entities != `[null,`+own+`,null,`+own+`]` {
		t.Error(entities)
	}

	if len(got.Errors) != 2 {
		t.Fatal(got.Text)
	}

	for i, at := range []float64{0, 2} {
		if failure := got.Errors[i]; failure.Extensions.Reason != "NOT_ALLOWED" ||
			!reflect.DeepEqual(failure.Path, []any{"_entities", at}) {
			t.Errorf("want NOT_ALLOWED at %v, got %+v", at, failure)
		}
	}

	for reason, headers := range map[string][]string{
		"TOKEN_MISSING": {}, "TOKEN_INVALID": {"Authorization", "Bearer x"},
	} {
		got := g.post(entitiesQuery, variables{"r": []variables{ada, bob}}, headers...)
		expect(t, got, models.Reason(reason))
		if entities := string(got.Data["_entities"]); entities != `[null,null]` || len(got.Errors) != 1 {
			t.Error(got.Text)
		}
	}

	// The field takes neither a password nor a token, so it may occur twice.
	got = g.post(
		`query ($r: [_Any!]!) { a: _entities(representations: $r) { __typename } b: _entities(representations: `+
			`$r) { __typename } }`,
		variables{"r": []variables{ada}},
		"Authorization",
		bearer,
	)
	if got.Text != `{"data":{"a":[{"__typename":"CustomerAccount"}],"b":[{"__typename":"CustomerAccount"}]}}` {
		t.Error(got.Text)
	}
}

// An application that manages accounts gets all existing accounts, in the order of its references.
// Another application gets none.
func TestReferencesOfAnApplication(t *testing.T) {
	t.Parallel()

	g := subgraph(t)
	ada, bob := reference(g.customer("ada")), reference(g.customer("bob"))
	nobody := variables{"__typename": "CustomerAccount", "userId": "0000000000000000000000000000000f"}
	secret := g.application(
		"backend", true, applications.Change{OwnBehaviors: []string{access.ManageAccounts().Behavior()}},
	)
	weak := g.application("weak", true, applications.Change{})
	got := g.post(
		`query ($r: [_Any!]!) { _entities(representations: $r) { ... on CustomerAccount { userName attributes { `+
			`fullyQualifiedName } } } }`,
		variables{"r": []variables{bob, nobody, ada, bob}},
		as("backend", secret)...)
	const attributes = `"attributes":[{"fullyQualifiedName":"tenant~a"},{"fullyQualifiedName":"tenant~b"}]}`
	entities := string(got.Data["_entities"])
	if entities != `[{"userName":"bob",`+attributes+`,null,`+
		`{"userName":"ada",`+attributes+`,{"userName":"bob",`+attributes+`]` {
		t.Error(got.Text)
	}

	if len(got.Errors) != 1 || got.Reason() != models.ReasonAccountNotFound ||
		!reflect.DeepEqual(got.Errors[0].Path, []any{"_entities", 1.0}) {
		t.Error(got.Text)
	}

	for _, headers := range [][]string{as("weak", weak), as("storefront", "")} {
		expect(t, g.post(entitiesQuery, variables{"r": []variables{ada}}, headers...), models.ReasonTokenMissing)
	}

	expect(
		t,
		g.post(entitiesQuery, variables{"r": []variables{ada}}, as("backend", "x")...),
		models.ReasonApplicationInvalid,
	)
}

// The weight of an operation depends on its number of references.
func TestManyReferencesTakeTurns(t *testing.T) {
	t.Parallel()

	g := subgraph(t)
	account := reference(g.customer("ada"))
	bearer := []string{"Authorization", "Bearer " + g.signIn("ada").AccessToken}
	const cores, turns, many = 6, 3, 50

	for count, isHeavy := range map[int]bool{1: false, many: true} {
		values := variables{"r": slices.Repeat([]variables{account}, count)}
		if got := g.mostAtATime(cores, entitiesQuery, values, bearer...); got > turns == isHeavy {
			t.Errorf("%d references: %d at a time", count, got)
		}
	}
}

// An operation has at most 100 references, however they are spread over its fields.
func TestManyReferences(t *testing.T) {
	t.Parallel()

	g := subgraph(t)
	account := reference(g.customer("ada"))
	bearer := "Bearer " + g.signIn("ada").AccessToken

	for _, test := range []struct{ fields, references int }{{1, 100}, {10, 10}, {1, 101}, {10, 11}, {10, 100}} {
		query := `query ($r: [_Any!]!) { ` + each(test.fields, "a#: _entities(representations: $r) "+everything) + `}`
		values := strings.Repeat(fmt.Sprintf(`,{"__typename":"CustomerAccount","userId":%q}`, account["userId"]),
			test.references)[1:]
		a := about(query, `{"r":[`+values+`]}`).with("Authorization", bearer)
		got := g.quickly(a)
		if test.fields*test.references <= 100 {
			if len(got.Errors) > 0 || strings.Count(got.Text, `"firstName":"Ada"`) != 100 || len(got.Text) > 100<<10 {
				t.Errorf("%+v: %d bytes: %.300s", test, len(got.Text), got.Text)
			}
			continue
		}

		if len(got.Errors) == 0 || got.Errors[0].Extensions.Limit != "reference-limit" ||
			got.Errors[0].Extensions.Reason != "LIMIT_EXCEEDED" ||
			got.Errors[0].Message != "The operation has more than 100 references." ||
			strings.Contains(got.Text, "CustomerAccount") {
			t.Errorf("%+v: %.300s", test, got.Text)
		}
	}

	literal := fmt.Sprintf(`{__typename:"CustomerAccount",userId:%q}`, account["userId"])
	for count, limit := range map[int]string{9: "", 101: "reference-limit"} {
		got := g.try(
			about(
				`{ _entities(representations: [`+strings.Repeat(literal, count)+`]) { __typename } }`, "",
			).with("Authorization", bearer),
		)
		if refused := len(got.Errors) > 0; refused != (limit != "") ||
			refused && got.Errors[0].Extensions.Limit != limit {
			t.Errorf("%d literals: %.300s", count, got.Text)
		}
	}

	got := g.try(about(`{ _entities(representations: `+literal+`) { __typename } }`, "").with("Authorization", bearer))
	if got.Text != `{"data":{"_entities":[{"__typename":"CustomerAccount"}]}}` {
		t.Error(got.Text)
	}
}
