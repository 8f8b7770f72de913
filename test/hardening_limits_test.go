package test_test

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/authtickets/authtickets/gqlhttp"
	"github.com/authtickets/authtickets/test/testkit"
)

// each repeats a text once for each number below count. The number replaces each # in it.
func each(count int, format string) string {
	var text strings.Builder
	for i := range count {
		text.WriteString(strings.ReplaceAll(format, "#", fmt.Sprint(i)))
	}
	return text.String()
}

func (g *guarded) overEachLimit() {
	for limit, of := range documentsAtLimits(testkit.Defaults[gqlhttp.Limits](g.t)) {
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

// limited has documents that are exactly at a limit, and documents that are just over it.
type limited struct{ most, over []string }

// documentsAtLimits returns documents by the name of the limit.
func documentsAtLimits(limits *gqlhttp.Limits) map[string]limited {
	return map[string]limited{
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
