package test_test

import (
	"net/http"
	"strings"

	"github.com/authtickets/authtickets/web"
)

// A variable that may be null, and has a default, is allowed where null is not (section 5.8.5 of
// the GraphQL specification).
func (g *guarded) nullVariables() {
	for _, query := range []string{
		`query ($a: Boolean = true) { __typename @include(if: $a) }`,
		`query ($a: Boolean = true) { ... @skip(if: $a) { __typename } }`,
		`query ($a: Boolean = true) { ...A @skip(if: $a) } fragment A on Query { __typename }`,
		`query ($a: Boolean = true) { currentShopper { userId @include(if: $a) } }`,
		`query ($a: Boolean = true) { ...A } fragment A on Query { ...B } fragment B on Query { currentShopper ` +
			`@skip(if: $a) { userId } }`,
		`query ($a: Boolean = true) { __schema { types @include(if: $a) { name } } }`,
		`mutation ($a: Boolean = true) { anonymousShopperTicket { customerAccount { userId @skip(if: $a) } } }`,
		`mutation ($a: String = "x") { createUserTicket(input: {username: $a, password: "x"}) { userId } }`,
		`mutation ($a: String = "x") { createUserTicket(input: {username: "ada", password: $a}) { userId } }`,
		`mutation ($a: CustomerUserAuthInfoInput = {username: "ada", password: "x"}) { createUserTicket(input: ` +
			`$a) { userId } }`,
		`mutation ($a: String = "x") { refreshTicket(refreshToken: $a) { userId } }`,
		`mutation ($a: String = "x") { revokeTicket(refreshToken: $a) { sessionsEnded } }`,
		`mutation ($a: Boolean) { revokeTicket(refreshToken: "x", everywhere: $a) { sessionsEnded } }`,
		`mutation ($a: Boolean = false) { revokeTicket(refreshToken: "x", everywhere: $a) { sessionsEnded } }`,
	} {
		for _, accept := range []string{jsonType, responseType} {
			got := g.try(about(query, `{"a":null}`).with("Accept", accept))
			if got.Status >= http.StatusInternalServerError || len(got.Errors) == 0 ||
				got.Errors[0].Extensions.Code != validationFailed && got.Errors[0].Extensions.Code != badUserInput {
				g.t.Errorf("%s is answered with %d %s", query, got.Status, got.Text)
			}
		}
	}

	if g.log.count("panic")+g.log.count("operation failed") > 0 {
		g.t.Error("counts as a failure of the server")
	}

	// In A, the variable may be null. It may not be null in another operation of the same document,
	// or in a fragment that only the other operation uses.
	const asks = `query A($a: Boolean) { __type(name: "Query") { fields(includeDeprecated: $a) { name } } } `
	for _, query := range []string{
		asks + `query B($a: Boolean = true) { __typename @include(if: $a) }`,
		asks + `query B($a: Boolean!) { ...C } fragment C on Query { __typename @skip(if: $a) }`,
		asks + `query B($a: Boolean = true) { ...C @skip(if: $a) } fragment C on Query { __typename }`,
	} {
		a := about(query, `{"a":null}`)
		a.body = strings.TrimSuffix(a.body, "}") + `,"operationName":"A"}`
		g.answers(a)
		a.body = strings.Replace(a.body, `"operationName":"A"`, `"operationName":"B"`, 1)
		g.refuses(a, refusal{code: validationFailed})
	}
}

// A value of the wrong type may be a password or a token.
func (g *guarded) wrongValues() {
	g.repeatsNoValue()
	g.but(func(s *web.Settings) { s.Introspection = false }).repeatsNoValue()
}

func (g *guarded) repeatsNoValue() {
	for _, value := range []string{
		marker, `["` + marker + `"]`, `{a: "` + marker + `"}`, `{` + marker + `: 1}`, `[[` + marker + `]]`,
		`$` + marker, `5`, `1.5`, `true`, `null`,
	} {
		for _, query := range []string{
			`mutation { refreshTicket(refreshToken: ` + value + `) { userId } }`,
			`mutation { createUserTicket(input: ` + value + `) { userId } }`,
			`mutation { createUserTicket(input: {username: "ada", password: ` + value + `}) { userId } }`,
			`mutation { createUserTicket(input: {username: ` + value + `, password: "` + marker + `"}) { userId } }`,
			`mutation { refreshTicket(refreshToken: "x") { userId @include(if: [` + value + `]) } }`,
		} {
			g.refuses(about(query, ""), refusal{code: validationFailed})
		}

		if !strings.HasPrefix(value, "$") {
			g.refuses(
				about(`mutation ($a: String! = `+value+`) { refreshTicket(refreshToken: $a) { userId } }`, ""),
				refusal{code: validationFailed},
			)
		}
	}

	for _, query := range []string{
		marker, `a ` + marker, `a(` + marker + `: 1)`, `a(a: ` + marker + `)`, `... on ` + marker + ` { a }`,
		`...` + marker, `__typename @` + marker, `__typename @include(` + marker + `: true)`,
		`__typename @include(if: $` + marker + `)`,
		marker + `: a`, marker + `: __typename ` + marker + `: currentShopper { userId }`,
	} {
		g.refuses(about(`{ `+query+` }`, ""), refusal{code: validationFailed})
	}

	for _, query := range []string{
		`query ($` + marker + `: Int) { __typename }`,
		`query ($a: ` + marker + `) { __typename @include(if: $a) }`, `query ` + marker + ` { a }`,
		`{ __typename } fragment ` + marker + ` on Query { __typename }`,
	} {
		g.refuses(about(query, ""), refusal{code: validationFailed})
	}

	const text = `"` + marker + `"`
	for _, input := range []string{
		text, `[` + text + `]`, `{"username":"ada","password":[` + text + `]}`,
		`{"username":"ada","password":{"is":` + text + `}}`, `{"username":"ada","password":12345678}`,
		`{"username":12345678,"password":` + text + `}`,
		`{"username":"ada","password":true,"previousRefreshToken":` + text + `}`,
		`{"username":"ada","password":"x","previousRefreshToken":[` + text + `]}`,
		`{"username":"ada","password":"x","more":` + text + `}`,
		`{"username":"ada","password":"x",` + text + `:1}`, `{"username":"ada","Password":` + text + `}`,
		`[[{"password":` + text + `}]]`,
	} {
		g.refuses(about(signInQuery, `{"input":`+input+`}`), refusal{code: validationFailed})
	}

	for _, value := range []string{`[` + text + `]`, `{"a":` + text + `}`, `5`, `true`, `null`} {
		g.refuses(
			about(`mutation ($a: String!) { refreshTicket(refreshToken: $a) { userId } }`, `{"a":`+value+`}`),
			refusal{code: validationFailed},
		)
	}

	for _, value := range []string{text, `1`, `[true]`} {
		g.refuses(
			about(
				`mutation ($a: Boolean!) { revokeTicket(refreshToken: "`+marker+`", everywhere: $a) { `+
					`sessionsEnded } }`,
				`{"a":`+value+`}`,
			),
			refusal{code: validationFailed},
		)
	}
}
