package test_test

import (
	"net/http"
	"strings"
)

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

	extensions := got.Errors[0].Extensions
	want := refusal{code: extensions.Code, limit: extensions.Limit}
	if got.Status == http.StatusRequestEntityTooLarge {
		want.status = got.Status
	}

	g.refuses(a, want)
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
