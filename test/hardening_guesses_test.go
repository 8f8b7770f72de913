package test_test

import (
	"net/http"
	"net/url"
	"strings"
)

func (g *guarded) manyGuesses() {
	g.customer("ada")
	const (
		guess  = `createUserTicket(input: {username: "ada", password: "` + marker + `"}) { userId } `
		next   = `refreshTicket(refreshToken: "` + marker + `") { userId } `
		revoke = `revokeTicket(refreshToken: "` + marker + `") { sessionsEnded } `
		name   = `credential-field-limit`
	)

	for _, query := range []string{
		`mutation { ` + each(100, "a#: "+guess) + `}`, `mutation { ` + each(100, guess) + `}`,
		`mutation ($i: CustomerUserAuthInfoInput!) { ` + each(100, "a#: createUserTicket(input: $i) { userId } ") + `}`,
		`mutation { ` + each(20, "...A# ") + `} ` + each(20, "fragment A# on Mutation { a#: "+guess+"} "),
	} {
		g.refuses(
			about(query, `{"i":{"username":"ada","password":"`+marker+`"}}`),
			refusal{code: validationFailed, limit: limitOf(g, query)},
		)
	}

	for _, query := range []string{
		`mutation { ` + guess + guess + `}`, `mutation { a: ` + guess + `b: ` + guess + `}`,
		`mutation { ` + guess + next + `}`, `mutation { ` + next + revoke + `}`,
		`mutation { a: ` + revoke + `b: ` + revoke + `}`,
		`mutation { ` + guess + `... { a: ` + guess + `} }`,
		`mutation { ... on Mutation { ` + guess + `} ... { ... { a: ` + next + `} } }`,
		`mutation { ...A ...B } fragment A on Mutation { a: ` + guess + `} fragment B on Mutation { b: ` + guess + `}`,
		`mutation { ...A ...A } fragment A on Mutation { ` + guess + `}`,
		`mutation { ...A } fragment A on Mutation { ...B a: ` + guess + `} fragment B on Mutation { b: ` + revoke + `}`,
		`mutation { a: ` + guess + `...A } fragment A on Mutation { ... { ...B } } fragment B on Mutation { ` +
			`b: ` + guess + `}`,
		`mutation { a: ` + guess + `...A @skip(if: true) } fragment A on Mutation { ` + guess + `}`,
		`mutation ($a: Boolean = false) { a: ` + guess + `b: ` + strings.Replace(guess, " { userId }",
			" @include(if: $a) { userId }", 1) + `}`,
		`query A { __typename } mutation B { a: ` + guess + `b: ` + guess + `}`,
		`mutation { a: createUserTicket { userId } b: refreshTicket { userId } }`,
	} {
		g.refuses(about(query, ""), refusal{code: validationFailed, limit: name})
		named := about(query, "")
		named.body = strings.TrimSuffix(named.body, "}") + `,"operationName":"B"}`
		g.refuses(named, refusal{code: validationFailed, limit: name})
		g.refuses(
			attempt{method: http.MethodGet, url: "?query=" + url.QueryEscape(query), headers: []string{preflight, "x"}},
			refusal{code: validationFailed, limit: name},
		)
		hash := hashOf(query)
		g.refuses(persisted(query, hash, 1), refusal{code: validationFailed, limit: name})
		g.refuses(persisted("", hash, 1), refusal{code: "PERSISTED_QUERY_NOT_FOUND"})
	}

	// Each operation of a document may have one such field.
	both := about(
		`mutation A { `+guess+`} mutation B { ...C } fragment C on Mutation { `+next+`anonymousShopperTicket { `+
			`userId } }`,
		"",
	)
	for _, operation := range []string{"A", "B"} {
		one := attempt{body: strings.TrimSuffix(both.body, "}") + `,"operationName":"` + operation + `"}`}
		if got := g.try(one); len(got.Errors) != 1 || got.Errors[0].Extensions.Code == "GRAPHQL_VALIDATION_FAILED" {
			g.t.Error(got.Text)
		}
	}

	if g.runs.count() != 2 {
		g.t.Error("guesses were judged")
	}

	g.signIn("ada")
}

// limitOf returns the limit that the answer names. If several apply, any may be named.
func limitOf(g *guarded, query string) string {
	got := g.try(about(query, ""))
	if len(got.Errors) == 0 || got.Errors[0].Extensions.Limit == "" {
		g.t.Errorf("%.60s is refused by no limit: %.300s", query, got.Text)
		return "none"
	}
	return got.Errors[0].Extensions.Limit
}
