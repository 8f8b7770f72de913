package test_test

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/authtickets/authtickets/web"
)

func (g *guarded) introspectionOff() {
	closed := g.but(func(s *web.Settings) { s.Introspection = false })
	for _, query := range []string{
		`{ __schema { queryType { name } } }`, `{ __type(name: "Query") { name } }`,
		`{ a: __schema { queryType { name } } }`, `{ ... { __schema { queryType { name } } } }`,
		`{ ... on Query { ... { a: __type(name: "Query") { name } } } }`,
		`{ ...A } fragment A on Query { ...B } fragment B on Query { __schema { queryType { name } } }`,
		`{ __typename __schema { queryType { name } } }`,
		`{ currentShopper { userId } __schema { queryType { name } } }`,
		`query ($a: Boolean = false) { __schema @include(if: $a) { queryType { name } } }`,
		`{ __schema @skip(if: true) { queryType { name } } }`,
	} {
		closed.refuses(about(query, ""), refusal{code: validationFailed})
		closed.refuses(
			attempt{method: http.MethodGet, url: "?query=" + url.QueryEscape(query), headers: []string{preflight, "x"}},
			refusal{code: validationFailed},
		)
	}

	for _, query := range []string{
		`mutation { __schema { queryType { name } } }`,
		`{ currentShopper { __schema { queryType { name } } } }`,
	} {
		closed.refuses(about(query, ""), refusal{code: validationFailed})
	}

	both := attempt{
		body: `{"query":"query A { __typename } query B { __schema { queryType { name } } }","operationName":"B"}`,
	}
	closed.refuses(both, refusal{code: validationFailed})
	both.body = strings.Replace(both.body, `"B"`, `"A"`, 1)
	closed.answers(both)
	g.answers(about(`{ __schema { queryType { name } } __type(name: "Query") { name } }`, ""))
}

// graphqlJS is graphql-js' introspection query with all its options. GraphiQL, Apollo and
// graphql-codegen send it, or less.
const graphqlJS = `query IntrospectionQuery { __schema { description queryType { name kind } mutationType { name ` +
	`kind } subscriptionType { name kind } types { ...FullType }
  directives { name description isRepeatable locations args(includeDeprecated: true) { ...InputValue } } } }
fragment FullType on __Type { kind name description specifiedByURL isOneOf fields(includeDeprecated: true) { name ` +
	`description args(includeDeprecated: true) { ...InputValue } type { ...TypeRef }
  isDeprecated deprecationReason } inputFields(includeDeprecated: true) { ...InputValue } interfaces { ...TypeRef ` +
	`} enumValues(includeDeprecated: true) { name description isDeprecated deprecationReason }
  possibleTypes { ...TypeRef } }
fragment InputValue on __InputValue { name description type { ...TypeRef } defaultValue isDeprecated deprecationReason }
fragment TypeRef on __Type { kind name ofType { kind name ofType { kind name ofType { kind name ofType { kind ` +
	`name ofType { kind name ofType { kind name ofType { kind name ofType { kind name ofType { kind name } } } } ` +
	`} } } } } }`

// An operation's introspection is limited, whatever its fragments are.
func (g *guarded) introspectionLimit() {
	g.answers(about(graphqlJS, ""))
	for _, query := range []string{
		`{ __schema { types { ` + each(19, "a#: name ") + `} } }`,
		`{ __schema { types { ` + each(19, "a#: fields { name } ") + `} } }`,
		`{ ` + each(10, "a#: __schema { types { fields { name } } } ") + `}`,
		`{ __schema { ...A } } fragment A on __Schema { ` + each(19, "a#: types { name } ") +
			`... { types { name } } }`,
		`{ ` + each(10, `a#: __type(name: "Query") { name fields { type { name } } } `) + `}`,
		`query A { __typename } query B { __schema { types { ` + each(19, "a#: name ") + `} } }`,
		`{ currentShopper { ` + each(25, "a#: behaviors ") + `} }`,
	} {
		a := about(query, "")
		a.body = strings.TrimSuffix(
			a.body, "}",
		) + `,"operationName":"` + map[bool]string{true: "B"}[strings.HasPrefix(query, "query A")] + `"}`
		if got := g.try(a); len(got.Errors) > 0 && got.Errors[0].Extensions.Reason != "TOKEN_MISSING" {
			g.t.Errorf("%s: %s", query, got.Text)
		}
	}

	for _, query := range []string{
		`{ __schema { types { ` + each(20, "a#: name ") + `} } }`,
		`{ __schema { types { ` + each(20, "a#: fields { name } ") + `} } }`,
		`{ __schema { types { name } } ` + each(9, "a#: __schema { types { fields { args { name } } } } ") + `}`,
		`{ __schema { ...A } } fragment A on __Schema { ` + each(20, "a#: types { name } ") +
			`... { types { name } } }`,
		`{ ...A } fragment A on Query { ...B a: __schema { ...C } } fragment B on Query { b: __schema { ...C } } ` +
			`fragment C on __Schema { types { name ` + each(10, "a#: name ") + `} }`,
	} {
		g.refuses(about(query, ""), refusal{code: validationFailed, limit: "introspection-limit"})
	}
}

// Without introspection, messages about a document must not reveal which names exist in the schema.
func (g *guarded) guessedNames() {
	closed := g.but(func(s *web.Settings) { s.Introspection = false })
	for wrong, right := range map[string]string{
		`{ sessionsStarted }`:                    `{ sessionsEnded }`,
		`{ currentShopper { sessionsStarted } }`: `{ currentShopper { sessionsEnded } }`,
		`{ __typename @include(iff: true) }`:     `{ __typename @include(with: true) }`,
		`{ __typename(iff: true) }`:              `{ __typename(everywhere: true) }`,
		`{ currentShopper { ... on Shoppers { userId } } }`: `{ currentShopper { ... on Ticket { ` +
			`userId } } }`,
		`query ($a: CustomerAuthTickets) { __typename }`: `query ($a: CustomerAuthTicketz) { ` +
			`__typename }`,
		`mutation { refreshTicket(refreshTokens: "x") { userId } }`: `mutation { refreshTicket(everywhere: ` +
			`"x") { userId } }`,
		`{ ...userIds }`: `{ ...userId }`,
		`mutation { createUserTicket(input: {name: "ada"}) { userId } }`: `mutation { createUserTicket(input: ` +
			`{firstName: "ada"}) { userId } }`,
	} {
		one, other := closed.try(about(wrong, "")), closed.try(about(right, ""))
		if withoutPlaces(one) != withoutPlaces(other) || len(one.Errors) == 0 {
			g.t.Errorf("%s is answered with %s\n%s with %s", wrong, one.Text, right, other.Text)
		}
	}

	for _, query := range []string{
		`{ currentShopper }`, `mutation { createUserTicket { userId } }`, `{ __typename @include }`,
		`{ currentShopper { userId { a } } }`, `{ currentShopper { ... on Query { __typename } } }`,
		`query ($a: Int) { __typename @include(if: $a) }`,
		`{ currentShopper { a: userId a: isAnonymous } }`,
		`mutation ($a: CustomerUserAuthInfoInput!) { a: refreshTicket(refreshToken: $a) { userId } }`,
		`mutation { createUserTicket(input: {username: 5}) { userId } }`,
	} {
		for _, failure := range closed.refusesAs(jsonType, about(query, ""), refusal{code: validationFailed}).Errors {
			if quotes := strings.ReplaceAll(failure.Message, `"…"`, ""); strings.Contains(quotes, `"`) ||
				strings.Contains(quotes, "userId") ||
				strings.Contains(quotes, "Shopper") {
				g.t.Errorf("%s is answered with %s", query, failure.Message)
			}
		}
	}
}

// withoutPlaces returns the messages and extensions of errors.
func withoutPlaces(a answer) string {
	var text strings.Builder
	for _, failure := range a.Errors {
		fmt.Fprintln(&text, failure.Message, failure.Extensions)
	}
	return text.String()
}

func (g *guarded) noSuggestions() {
	closed := g.but(func(s *web.Settings) { s.Introspection = false })
	suggested := false
	for _, query := range []string{
		`{ currentShoper { userId } }`, `{ currentShopper { userID } }`,
		`{ currentShopper { customerAccount { attribute { values } } } }`,
		`{ currentShopper { userId { a } } }`, `{ currentShopper }`,
		`mutation { refreshTickets(refreshToken: "x") { userId } }`,
		`mutation { refreshTicket(refreshTokens: "x") { userId } }`, `{ __typename @includes(if: true) }`,
		`{ __typename @include(iff: true) }`,
		`mutation { createUserTicket(input: {usernam: "ada", password: "x"}) { userId } }`,
		`mutation ($a: CustomerUserAuthInfoInputs!) { createUserTicket(input: $a) { userId } }`,
		`{ currentShopper { ... on Shoper { userId } } }`,
		`fragment A on Shoper { userId } { currentShopper { ...A } }`,
		`{ currentShopper { ...B } } fragment A on Shopper { userId }`,
	} {
		for _, accept := range []string{jsonType, responseType} {
			if got := closed.refusesAs(accept, about(query, ""), refusal{code: validationFailed}); strings.Contains(
				strings.ToLower(got.Text), "did you mean",
			) {
				g.t.Errorf("the server helps to guess: %s", got.Text)
			}
		}

		suggested = suggested ||
			strings.Contains(
				g.refusesAs(jsonType, about(query, ""), refusal{code: validationFailed}).Text, "Did you mean",
			)
	}

	if !suggested {
		g.t.Error("suggests nothing where introspection is on")
	}

	got := closed.try(about(signInQuery, `{"input":{"usernam":"ada","password":"x"}}`))
	if strings.Contains(strings.ToLower(got.Text), "did you mean") {
		g.t.Error(got.Text)
	}
}
