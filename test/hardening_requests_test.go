package test_test

import (
	"net/http"
	"strings"
)

const good = `{"query":"{ __typename }"}`

// unrunnable are requests that cannot be run, by the code of the refusal.
func unrunnable() map[string][]attempt {
	list := map[string][]attempt{}
	for _, query := range []string{
		"{", "{}", marker, `{ currentShopper { userId } } }`, `"` + marker + `"`, "type Query { a: Int }",
		"query A($a) { __typename }", "{ a(b: $) }", "\u0007{ __typename }",
		`mutation { refreshTicket(refreshToken: "` + marker,
		`mutation { refreshTicket(refreshToken: "` + marker + `\q") { userId } }`,
		`mutation { refreshTicket(refreshToken: """` + marker,
		`mutation { refreshTicket(refreshToken: '` + marker + `') { userId } }`,
		`mutation { refreshTicket(refreshToken: "` + marker + "\n" + `") { userId } }`,
	} {
		list[parseFailed] = append(list[parseFailed], about(query, ""))
	}

	for _, query := range []string{
		" ", "# " + marker, "fragment A on Query { __typename }", "{ nothing }", "{ currentShopper }",
		"{ __typename { a } }", "{ ...A }", "mutation { __typename(a: 1) }",
		"query A { __typename } query A { __typename }", "query A { __typename } query B { __typename }",
		"{ __typename } { __typename }", "subscription { a }",
		"query A($a: Int) { __typename }", "query A($a: Int, $a: Int) { __typename @include(if: $a) }",
		"{ __typename @include }", "{ __typename @include(if: $a) }",
		"{ a: __typename a: currentShopper { userId } }", "{ ...A } fragment A on Query { ...A }",
		"{ ...A } fragment A on Query { ...B } fragment B on Query { ... { ...A } }",
	} {
		list[validationFailed] = append(list[validationFailed], about(query, ""))
	}

	for _, values := range []string{
		"", "null", "{}", `{"input":null}`, `{"input":[]}`, `{"input":{"username":"ada"}}`,
		`{"input":{"username":"ada","password":null}}`,
	} {
		list[validationFailed] = append(list[validationFailed], about(signInQuery, values))
	}

	return list
}

func (g *guarded) cannotRunAsJSON() {
	for code, attempts := range unrunnable() {
		for _, a := range attempts {
			for _, accept := range []string{
				jsonType, "*/*", "application/*", "text/html, */*;q=0.1",
				jsonType + ", " + responseType + ";q=0.5", jsonType + ";charset=utf-8",
			} {
				g.refusesAs(accept, a, refusal{code: code})
			}
		}
	}

	if got := g.try(attempt{body: `{"query":"{"}`}); got.Status != http.StatusOK { // without Accept
		g.t.Error(got.Status, got.Text)
	}

	g.refuses(
		attempt{body: `{"query":"query A { __typename }","operationName":"` + marker + `"}`},
		refusal{code: validationFailed},
	)
}

func (g *guarded) cannotRunAsResponse() {
	for code, attempts := range unrunnable() {
		for _, a := range attempts {
			for _, accept := range []string{
				responseType, responseType + ", " + jsonType + ";q=0.9",
				responseType + "; charset=utf-8, */*;q=0.1",
			} {
				g.refusesAs(accept, a, refusal{code: code})
			}
		}
	}

	// An operation that fails while it runs has data, and so the status 200.
	got := g.try(about(`{ currentShopper { userId } }`, "").with("Accept", responseType))
	if got.Status != http.StatusOK || !strings.Contains(got.Text, `"data":null`) {
		g.t.Error(got.Status, got.Text)
	}

	for _, accept := range []string{
		"text/html", jsonType + ";q=0", jsonType + "; charset=utf-16", "*/*;q=0", "image/*",
	} {
		g.refusesAs(accept, attempt{body: good}, badRequest(http.StatusNotAcceptable))
	}
}
