package program_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/authtickets/authtickets/storage/storagetest"
)

// An operation that cannot be run is refused so that both kinds of clients understand it, without
// repeating any value.
func TestOperationsThatCannotBeRun(t *testing.T) {
	t.Parallel()

	server := newSite(t, storagetest.SQLite(t)).start()
	for _, r := range unrunnableRequests() {
		variables := ""
		if r.variables != "" {
			variables = `,"variables":` + r.variables
		}

		body := fmt.Sprintf(`{"query":%q%s}`, r.query, variables)
		code := r.code
		if code == "" { // either is fine
			code = server.exchange(http.MethodPost, "", body, "Content-Type", jsonType).Code()
		}

		for accept, status := range map[string]int{
			"": http.StatusOK, jsonType: http.StatusOK, "*/*": http.StatusOK, "application/*": http.StatusOK,
			responseType: http.StatusBadRequest,
			responseType + ";charset=utf-8, application/json;q=0.9": http.StatusBadRequest,
		} {
			got := server.refuses(status, code, http.MethodPost, "", body, "Content-Type", jsonType, "Accept", accept)
			want := jsonType
			if status == http.StatusBadRequest {
				want = responseType
			}
			if got.Header.Get("Content-Type") != want+"; charset=utf-8" {
				t.Errorf("Accept %q is answered with %q", accept, got.Header.Get("Content-Type"))
			}

			if t.Failed() { // the other media types would fail the same way
				break
			}
		}
	}

	// Only the named operation of several runs. If it fails, its data is null, with either media
	// type.
	got := server.exchange(
		http.MethodPost,
		"",
		`{"query":"query A { __typename } query B { b: __typename }","operationName":"B"}`,
		"Content-Type",
		jsonType,
	)
	if got.Text != `{"data":{"b":"Query"}}` {
		t.Error(got.Text)
	}

	for _, accept := range []string{jsonType, responseType} {
		got := server.exchange(
			http.MethodPost, "",
			`{"query":"mutation { refreshTicket(refreshToken: \"`+marker+`\") { userId } }"}`,
			"Content-Type", jsonType, "Accept", accept,
		)
		if got.Status != http.StatusOK || got.Code() != "UNAUTHENTICATED" ||
			!strings.Contains(got.Text, `"data":null`) {
			t.Errorf("%s: %d %s", accept, got.Status, got.Text)
		}
	}

	if strings.Contains(server.stderr.String(), marker) {
		t.Error("the log repeats a request")
	}
}

// unrunnableRequest is a request that cannot be run. An empty code means that several are possible.
type unrunnableRequest struct{ code, query, variables string }

func unrunnableRequests() []unrunnableRequest {
	const parse, valid = "GRAPHQL_PARSE_FAILED", "GRAPHQL_VALIDATION_FAILED"
	signIn := signInOperation("ada", "x", "").query
	return []unrunnableRequest{
		{parse, "{", ""},
		{parse, marker, ""},
		{parse, `{ currentShopper { userId } } }`, ""},
		{parse, `mutation { refreshTicket(refreshToken: "` + marker + `) { userId } }`, ""},
		{parse, `mutation { refreshTicket(refreshToken: "` + marker + `\q") { userId } }`, ""},
		{valid, `{ nothing }`, ""},
		{valid, `{ currentShopper }`, ""},
		{valid, `{ currentShopper(a: "` + marker + `") { userId } }`, ""},
		{valid, `mutation { refreshTicket { userId } }`, ""},
		{valid, `mutation { refreshTicket(refreshToken: ["` + marker + `", "` + marker + `"]) { userId } }`, ""},
		{valid, `mutation { refreshTicket(refreshToken: {a: "` + marker + `"}) { userId } }`, ""},
		{valid, `mutation { revokeTicket(refreshToken: "x", everywhere: "` + marker + `") { sessionsEnded } }`, ""},
		{valid, `mutation { createUserTicket(input: {username: "ada", password: 5}) { userId } }`, ""},
		{valid, `mutation { createUserTicket(input: {username: "ada"}) { userId } }`, ""},
		{valid, `mutation { createUserTicket(input: "` + marker + `") { userId } }`, ""},
		{valid, `mutation ($a: Int = "` + marker + `") { refreshTicket(refreshToken: $a) { userId } }`, ""},
		{valid, `query A { __typename } query A { __typename }`, ""},
		{valid, `query A { __typename } query B { __typename }`, ""},
		{valid, `{ ...A } fragment A on Query { ...B } fragment B on Query { ...A }`, ""},
		{valid, `subscription { a }`, ""},
		{valid, `mutation @defer { anonymousShopperTicket { userId } }`, ""},
		{valid, `mutation { anonymousShopperTicket { ... @defer { userId } } }`, ""},
		{valid, signIn, `{}`},
		{valid, signIn, `null`},
		{valid, signIn, `{"input":"` + marker + `"}`},
		{valid, signIn, `{"input":["` + marker + `"]}`},
		{valid, signIn, `{"input":{"username":"ada"}}`},
		{valid, signIn, `{"input":{"username":"ada","password":null}}`},
		{valid, signIn, `{"input":{"username":"ada","password":["` + marker + `"]}}`},
		{valid, signIn, `{"input":{"username":"ada","password":{"is":"` + marker + `"}}}`},
		{valid, signIn, `{"input":{"username":"ada","password":true}}`},
		{valid, signIn, `{"input":{"username":"ada","password":12345678}}`},
		{valid, signIn, `{"input":{"username":12345678,"password":"` + marker + `"}}`},
		{valid, signIn, `{"input":{"username":"ada","password":"x","previousRefreshToken":5}}`},
		{valid, signIn, `{"input":{"username":"ada","password":"x","more":"` + marker + `"}}`},
		{valid, refreshOperation("").query, `{"token":5}`},
		{valid, revokeOperation("", false).query, `{"token":"x","everywhere":"` + marker + `"}`},
		{valid, revokeOperation("", false).query, `{"token":"x","everywhere":1}`},
		{"", strings.Repeat("@aa ", 10_000), ""},
		{"", `{ __typename ` + strings.Repeat("@include(if: true) ", 3_000) + `}`, ""},
		{"", `{ ` + strings.Repeat("a ", 20_000) + ` }`, ""},
		{"", strings.Repeat("{a", 15_000), ""},
		{"", `{ __typename(a: ` + strings.Repeat("[", 30_000), ""},
		{"", `{ ` + strings.Repeat("...A ", 5_000) + `} fragment A on Query { __typename }`, ""},
	}
}
