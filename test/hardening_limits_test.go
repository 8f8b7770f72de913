package test_test

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/authtickets/authtickets/gqlhttp"
	"github.com/authtickets/authtickets/test/testkit"
	"github.com/authtickets/authtickets/web"
)

// each repeats a text once for each number below count. The number replaces each # in it.
func each(count int, format string) string {
	var text strings.Builder
	for i := range count {
		text.WriteString(strings.ReplaceAll(format, "#", fmt.Sprint(i)))
	}
	return text.String()
}

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
		for _, shown := range closed.refusesAs(jsonType, about(query, ""), refusal{code: validationFailed}).Errors {
			if quotes := strings.ReplaceAll(shown.Message, `"…"`, ""); strings.Contains(quotes, `"`) ||
				strings.Contains(quotes, "userId") ||
				strings.Contains(quotes, "Shopper") {
				g.t.Errorf("%s is answered with %s", query, shown.Message)
			}
		}
	}
}

// withoutPlaces returns the messages and extensions of errors.
func withoutPlaces(a answer) string {
	var text strings.Builder
	for _, shown := range a.Errors {
		fmt.Fprintln(&text, shown.Message, shown.Extensions)
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

func (g *guarded) manyOfOneThing() {
	for _, query := range []string{
		`query ` + strings.Repeat("@aa ", 10_000) + `{ __typename }`,
		`{ __typename ` + strings.Repeat("@aa ", 10_000) + `}`,
		`{ __typename ` + strings.Repeat("@include(if: true) ", 3_000) + `}`,
		`{ __typename ` + strings.Repeat("@aa", 1_900) + `}`,
		`query ($a: Int ` + strings.Repeat("@aa", 900) + `) { __typename }`,
		`{ ...A ` + strings.Repeat("@aa", 900) + `} fragment A on Query ` + strings.Repeat("@aa", 60) +
			`{ __typename }`,
		`{ ` + each(5_000, "a# ") + `}`, `{ ` + each(1_900, "a# ") + `}`,
		`{ currentShopper { ` + each(1_900, "a# ") + `} }`, `{ ` + strings.Repeat("__typename ", 5_000) + `}`,
		`{ currentShopper { ` + strings.Repeat("userId ", 10_000) + `} }`,
		`{ currentShopper { ` + strings.Repeat("userId ", 1_900) + `} }`,
		`{ ` + each(5_000, "a#: __typename ") + `}`, `{ currentShopper { ` + each(600, "a#: userId ") + `} }`,
		`{ ` + strings.Repeat("...A ", 5_000) + `} fragment A on Query { __typename }`,
		`{ ...A0 } ` + each(2_000, "fragment A# on Query { a } "),
		`{ ...A0 } ` + each(220, "fragment A# on Query{...A0}") + strings.Repeat("#", 9000),
		`{ ...A0 } ` + each(28, "fragment A# on Query { ...B# ...B# } fragment B# on Query { ...A ...A } ") +
			"fragment A on Query { " + strings.Repeat("__typename ", 11) + "}",
		strings.Repeat("{a", 100_000), strings.Repeat("{a", 15_000),
		strings.Repeat("{a", 900) + strings.Repeat("}", 900),
		strings.Repeat("{a ...on Query", 300) + "{a" + strings.Repeat("}", 601),
		`{ __typename(a: ` + strings.Repeat("[", 30_000), `{ __typename(a: ` + strings.Repeat("{a:", 10_000),
		`query ($a: ` + strings.Repeat("[", 60_000), strings.Repeat("query A { __typename } ", 3_000),
		strings.Repeat("{", 60_000), strings.Repeat(`"""`, 20_000),
	} {
		g.quickly(about(query, ""))
		g.refusesAny(about(query, ""))
	}

	for _, query := range []string{
		`{ ...A } fragment A on Query { ...A }`,
		`{ ...A0 } ` + each(50, "fragment A# on Query { ...A# ...A } ") + "fragment A on Query { ...A0 }",
		`{ currentShopper { ...A } } fragment A on Shopper { customerAccount { ...B } } fragment B on ` +
			`CustomerAccount { ... { ...B } }`,
		`{ __typename } fragment A on Query { ...B } fragment B on Query { ...A }`,
		`{ __schema { types { ...A } } } fragment A on __Type { ofType { ...B } } fragment B on __Type { ofType { ` +
			`...A } }`,
	} {
		g.quickly(about(query, ""))
		g.refuses(about(query, ""), refusal{code: validationFailed})
	}
}

// refusesAny fails unless an attempt is refused before it runs, for any reason.
func (g *guarded) refusesAny(a attempt) {
	g.t.Helper()
	got := g.try(a)
	if len(got.Errors) == 0 {
		g.t.Errorf("%.60s is not refused: %d %.300s", a.body, got.Status, got.Text)
		return
	}

	shown := got.Errors[0].Extensions
	want := refusal{code: shown.Code, limit: shown.Limit}
	if got.Status == http.StatusRequestEntityTooLarge {
		want.status = got.Status
	}

	g.refuses(a, want)
}

func (g *guarded) overEachLimit() {
	limits := testkit.Defaults[gqlhttp.Limits](g.t)
	type documents struct{ most, over []string }
	for limit, of := range map[string]documents{
		"document-limit": {
			[]string{"{ __typename }" + strings.Repeat("#", limits.Document-14)},
			[]string{
				"{ __typename }" + strings.Repeat("#", limits.Document-13),
				"{ __typename }" + strings.Repeat(",", limits.Document-13),
			},
		},
		"token-limit": {
			nil,
			[]string{
				"{ currentShopper { " + strings.Repeat("userId ", limits.Tokens) + "} }",
				"{ __typename(a: [" + strings.Repeat("1 ", limits.Tokens) + "]) }",
			},
		},
		"depth-limit": {
			[]string{nested(limits.Depth), "{ ...A } fragment A on Query " + nested(limits.Depth)},
			[]string{
				nested(limits.Depth + 1), "{ ...A } fragment A on Query " + nested(limits.Depth+1),
				"{ __typename } fragment A on Query " + nested(limits.Depth+1),
				"{ __typename __schema { types { ...A } } } fragment A on __Type " + nested(limits.Depth-1),
				strings.Repeat("{ ...", limits.Depth) + "{ a }" + strings.Repeat("}", limits.Depth),
				"{ ...A } fragment A on Query { ...B } fragment B on Query {" + strings.Repeat("...{",
					limits.Depth) + "a" + strings.Repeat("}", limits.Depth+1),
			},
		},
		"root-field-limit": {
			[]string{"{ " + strings.Repeat("__typename ", limits.RootFields) + "}"},
			[]string{
				"{ " + strings.Repeat("__typename ", limits.RootFields+1) + "}",
				"{ " + strings.Repeat("... { __typename } ", limits.RootFields+1) + "}",
				"{ " + strings.Repeat("...A ", limits.RootFields+1) + "} fragment A on Query { __typename }",
				"{ ...A ...A } fragment A on Query { ...B ... on Query { ...B } } fragment B on Query { " +
					"__typename __typename __typename }",
				"query A { __typename } query B { " + strings.Repeat("__typename ", limits.RootFields+1) + "}",
				"mutation { " + strings.Repeat("anonymousShopperTicket { userId } ", limits.RootFields+1) + "}",
			},
		},
		"alias-limit": {
			[]string{"{ currentShopper { " + each(limits.Aliases, "a#: userId ") + "} }"},
			[]string{
				"{ __schema { " + each(limits.Aliases+1, "a#: __typename ") + "} }",
				"{ __typename } fragment A on __Schema { " + each(limits.Aliases+1, "a#: __typename ") + "}",
				"{ __schema { ...A " + each(limits.Aliases, "a#: __typename ") +
					"} } fragment A on __Schema { ... { a: __typename } }",
			},
		},
		"same-field-limit": {
			[]string{"{ __schema { " + strings.Repeat("__typename ", limits.SameFields) + "} }"},
			[]string{
				"{ __schema { " + strings.Repeat("__typename ", limits.SameFields+1) + "} }",
				"{ __schema { " + strings.Repeat("... { __typename } ", limits.SameFields+1) + "} }",
				"{ __schema { __typename } a: __schema { ...A ...B } } fragment A on __Schema { " +
					strings.Repeat("__typename ", limits.SameFields) + "} fragment B on __Schema { __typename: a }",
				"{ __typename } fragment A on __Schema { " + strings.Repeat("__typename ", limits.SameFields) + "}",
			},
		},
		"directive-limit": {
			[]string{"{ __schema { " + each(limits.Directives, "a# @skip(if: true) ") + "} }"},
			[]string{
				"{ __schema { " + each(limits.Directives+1, "a# @skip(if: true) ") + "} }",
				"{ __schema { " + each(limits.Directives+1, "... @skip(if: true) { a# } ") + "} }",
				"{ __schema { " + strings.Repeat("...A @skip(if: true) ", limits.Directives+1) +
					"} } fragment A on __Schema { __typename }",
				"query " + strings.Repeat("@a ", limits.Directives+1) + "{ __typename }",
				"query (" + each(limits.Directives+1, "$a#: Int @a ") + ") { __typename }",
				"{ ...A } fragment A on Query " + strings.Repeat("@a ", limits.Directives+1) + "{ __typename }",
			},
		},
		"complexity-limit": {
			[]string{"{ currentShopper { " + each(limits.Complexity-1, "a# ") + "} }"},
			[]string{
				"{ currentShopper { " + each(limits.Complexity, "a# ") + "} }",
				"{ currentShopper { " + strings.Repeat("...A ", 100) + "} } fragment A on Shopper { " +
					each(limits.Complexity/100, "a# ") + "}",
				"{ currentShopper { ...A0 } } " + each(20, "fragment A# on Shopper { ...B# ...B# } fragment B# on "+
					"Shopper { ...C# } ") + strings.Join(chain(20), " ") + " fragment A20 on Shopper { userId }",
				each(limits.Complexity/20, "query A# { ...A } ") + "fragment A on Query { currentShopper { " +
					each(20, "a# ") + "} }",
			},
		},
	} {
		for _, query := range of.over {
			g.refuses(about(query, ""), refusal{code: validationFailed, limit: limit})
			g.refuses(
				attempt{
					method:  http.MethodGet,
					url:     "?query=" + url.QueryEscape(query),
					headers: []string{preflight, "x"},
				},
				refusal{code: validationFailed, limit: limit},
			)
		}

		for _, query := range of.most {
			if got := g.try(about(query, "")); len(got.Errors) > 0 && got.Errors[0].Extensions.Limit != "" {
				g.t.Errorf("%.60s is exactly at the limit: %s", query, got.Text)
			}
		}
	}
}

// nested returns a selection of this depth.
func nested(depth int) string {
	return strings.Repeat("{ a ", depth-1) + "{ a }" + strings.Repeat(" }", depth-1)
}

// chain returns fragments C0, C1 and so on. Each spreads the next one.
func chain(count int) []string {
	fragments := make([]string, count)
	for i := range fragments {
		fragments[i] = fmt.Sprintf("fragment C%d on Shopper { ...A%d }", i, i+1)
	}
	return fragments
}

// These documents are the worst that the limits allow, for validation or for the length of the
// answer. Each is answered quickly, or refused.
func (g *guarded) worstWithinLimits() {
	const longestAnswer = 350 << 10
	fields := func(count int) string { return strings.Repeat("userId ", count) }
	inline := func(selection string, depth int) string {
		return strings.Repeat("...{", depth) + selection + strings.Repeat("}", depth)
	}

	for name, query := range map[string]string{
		"one field in one selection":           `{ currentShopper { ` + fields(990) + `} }`,
		"one field in nested inline fragments": `{ currentShopper { ` + inline(fields(990), 320) + ` } }`,
		"one field in ten inline fragments":    `{ currentShopper { ` + inline(fields(990), 10) + ` } }`,
		"unknown field in inline fragments": `{ currentShopper { ` + inline(strings.Repeat("a ", 990),
			320) + ` } }`,
		"ten fields in inline fragments": `{ currentShopper { ...F } } fragment F on Shopper { ` +
			inline(each(10, strings.Repeat("a# ", 98)), 28) + `}`,
		"fields in a fragment that is not used": `{ __typename } fragment F on Shopper { ` + inline(each(18,
			strings.Repeat("a# ", 98)), 28) + `}`,
		"one field in operations": each(160, "query A#{...F}") +
			`fragment F on Query { currentShopper { ` + fields(990) + `} }`,
		"many fields in operations": each(160, "query A#{...F}") +
			`fragment F on Query { currentShopper { ` + each(900, "a# ") + `} }`,
		"two fragments of one name": `{ currentShopper { ...F } } fragment F on Shopper { ` +
			inline(fields(900), 320) + `} fragment F on Shopper { userId }`,
		"fragments in one selection": `{ currentShopper { ` + each(200, "...F# ") + `} } ` +
			each(200, "fragment F# on Shopper{userId}"),
		"fragments with selections": `{ currentShopper { ` + each(40, "...F# ") + `} } ` + each(40,
			"fragment F# on Shopper { customerAccount { "+strings.Repeat("id ", 22)+"} } "),
		"selections in one selection": `{ currentShopper { ` +
			strings.Repeat("customerAccount { "+strings.Repeat("id ", 29)+"} ", 30) + `} }`,
		"fields that almost exist": `{ currentShopper { ` + each(900, "customerAcco# ") + `} }`,
		"variables":                `query (` + each(490, "$a#:Int") + `) { __typename }`,
		"arguments":                `{ __typename(` + each(600, "a#:1 ") + `) }`,
		"fields of an object": `mutation { refreshTicket(refreshToken: {` + each(600,
			"a:1 ") + `}) { userId } }`,
		"introspection of everything": `{ __schema { types { ` + each(40,
			"a#:fields{type{ofType{fields{type{ofType{enumValues{name description}}}}}}}") + `} } }`,
		"introspection by 30 aliases": `{__schema{types{` + each(30, "a#:fields{...F}") +
			`}}} fragment F on __Field{name description args{name description type{name description}} ` +
			`type{name description fields{name description type{name description}}}}`,
		"introspection by 10 roots": `{` + each(10, "a#:__schema{types{description "+
			"fields{description}}}") + `}`,
		"introspection by 9 roots": `{` + each(9, "a#:__schema{types{description fields{description "+
			"type{name}}}}") + `}`,
		"introspection of descriptions": `{__schema{types{fields{description ` + each(17,
			"a#:description ") + `}}}}`,
		"introspection of lists in lists": `{__schema{types{` + each(4,
			"a#:fields{name description args{name description} type{name description ofType{name description "+
				"fields{name description}}}}") + `}}}`,
		"introspection of types in types": `{__schema{types{fields{type` + strings.Repeat(`{...T ofType`, 3) +
			`{...T}}}}}}}} fragment T on __Type{fields{name description type{name description ofType{name ` +
			`description}}}}`,
		"introspection of reasons": `{__schema{directives{args{type{ofType{ofType{ofType{` + each(16,
			"a#:enumValues{name description}") + `}}}}}}}}`,
		"introspection of reasons by types": `{__schema{` + each(9, "a#:types{description "+
			"enumValues{description}}") + `}}`,
	} {
		if got := g.quickly(about("# "+name+"\n"+query, "")); len(got.Text) > longestAnswer {
			g.t.Errorf("%s: %d bytes", name, len(got.Text))
		}
	}
}

func (g *guarded) largeVariables() {
	limits := testkit.Defaults[gqlhttp.Limits](g.t)
	const used = `query ($a: Boolean = true) { __typename @include(if: $a) }`
	deep := func(depth int) string {
		return `{"b":` + strings.Repeat("[", depth-1) + strings.Repeat("]", depth-1) + `}`
	}
	wide := func(length int) string { return `{"b":"` + strings.Repeat("x", length-8) + `"}` }
	tooLarge := refusal{status: http.StatusRequestEntityTooLarge, code: badUserInput, limit: "body-limit"}

	for _, values := range []string{
		wide(900_000), deep(200_000), `{"` + strings.Repeat(marker, 80_000) + `":1}`,
		`{` + strings.Repeat(`"a":{`, 200_000), `{"b":[` + strings.Repeat(`{"`+marker+`":1},`, 60_000) + `1]}`,
	} {
		g.refuses(about(used, values), tooLarge)
	}

	for _, values := range []string{
		`{"b":` + strings.Repeat("[", 60_000), `{` + strings.Repeat(`"a":{`, 12_000),
		`{"b":` + strings.Repeat(`{"a":`, 12_000),
	} {
		g.refuses(about(used, values), badRequest(http.StatusBadRequest))
	}

	g.answers(about(used, wide(limits.Variables)))
	g.refuses(about(used, wide(limits.Variables+1)), refusal{code: badUserInput, limit: "variables-limit"})
	g.answers(about(used, deep(limits.VariablesDepth)))

	for _, values := range []string{
		deep(limits.VariablesDepth + 1), deep(5_000), `{"b":{"c":` + deep(limits.VariablesDepth-1) + `}}`,
	} {
		g.refuses(about(used, values), refusal{code: badUserInput, limit: "variables-depth-limit"})
	}

	g.refuses(
		about(signInQuery, `{"input":`+strings.Repeat(`{"input":`, 30)+`"`+marker+`"`+strings.Repeat("}", 31)),
		refusal{code: badUserInput, limit: "variables-depth-limit"},
	)
	get := func(values string) attempt {
		return attempt{
			method:  http.MethodGet,
			url:     "?query={__typename}&variables=" + url.QueryEscape(values),
			headers: []string{preflight, "x"},
		}
	}

	g.refuses(get(wide(limits.Variables+1)), refusal{code: badUserInput, limit: "variables-limit"})
	g.refuses(get(deep(limits.VariablesDepth+1)), refusal{code: badUserInput, limit: "variables-depth-limit"})
	g.refuses(get(`{"b":`+strings.Repeat("[", 20_000)), badRequest(http.StatusBadRequest))
	g.answers(get(deep(limits.VariablesDepth)))
}
