package test_test

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/authtickets/authtickets/graph"
	"github.com/authtickets/authtickets/problem"
	"github.com/authtickets/authtickets/storage/storagetest"
	"github.com/authtickets/authtickets/web"
)

// These take the place of a password and a token in the seeds. A GraphQL name has no hyphen, so the
// password can never be an alias, which an answer repeats.
const (
	fuzzedPassword = "pass-word-5b7f2c"
	fuzzedToken    = "token8d3e1a"
)

// These flags are the other differences between requests.
const (
	withPreflight = 1 << iota
	withoutLength
	withAccessToken
	toSubgraph // with introspection, unlike the others
)

// FuzzEndpoint sends arbitrary requests to the endpoint. The answer must be JSON, and the server
// must neither fail nor reveal a secret.
func FuzzEndpoint(f *testing.F) {
	for _, query := range fuzzedQueries {
		text, err := json.Marshal(query)
		must(f, err)
		for _, rest := range []string{"", fuzzedVariables, `,"operationName":"B"`, `,"variables":{"a":null,"b":null}`} {
			f.Add(
				http.MethodPost, "", jsonType, "", []byte(`{"query":`+string(text)+rest+`}`),
				byte(withAccessToken|toSubgraph),
			)
		}

		f.Add(
			http.MethodGet, responseType, "", "query="+url.QueryEscape(query)+`&variables={"a":null}`,
			[]byte(nil), byte(withPreflight),
		)
	}

	for _, body := range fuzzedBodies {
		f.Add(http.MethodPost, responseType, jsonType, "", []byte(body), byte(0))
		f.Add(http.MethodPost, "*/*", jsonType, "", []byte(body[:len(body)*2/3]), byte(withoutLength))
	}

	for _, query := range fuzzedURLs {
		f.Add(http.MethodGet, "", "", query, []byte(nil), byte(withPreflight|toSubgraph))
		f.Add(http.MethodHead, responseType, "text/plain", query, []byte(fuzzedToken), byte(0))
	}

	for _, accept := range []string{
		"*/*;q=0", jsonType + ";q=0.1, " + responseType + ";q=x", "text/html", "application/*", ",;=",
		`a/b;c="`, jsonType + "; charset=utf-8",
	} {
		f.Add(http.MethodPost, accept, "application/json; charset=utf-8", "", []byte(good), byte(0))
	}

	for _, method := range []string{
		http.MethodPut, http.MethodOptions, http.MethodConnect, http.MethodTrace, "QUERY", "", "post", " ",
	} {
		f.Add(method, "", "text/plain", "", []byte(good), byte(withPreflight))
	}

	o := open(f, storagetest.SQLite(f))
	o.customer("ada")
	accessToken := o.signIn("ada").AccessToken
	shop := o.with(func(s *web.Settings) { s.Introspection = false })
	subgraph := o.with(func(s *web.Settings) { s.Schema = graph.NewSchema(&graph.Resolver{Office: o.Office}, true) })
	f.Fuzz(func(t *testing.T, method, accept, contentType, query string, body []byte, flags byte) {
		request := (&http.Request{
			Method:        method,
			URL:           &url.URL{Path: "/graphql", RawQuery: query},
			Header:        http.Header{},
			Body:          io.NopCloser(bytes.NewReader(body)),
			ContentLength: int64(len(body)),
			RemoteAddr:    "198.51.100.1:4711",
		}).WithContext(t.Context())

		for name, value := range map[string]string{"Accept": accept, "Content-Type": contentType} {
			if value != "" {
				request.Header.Set(name, value)
			}
		}

		if flags&withPreflight != 0 {
			request.Header.Set(preflight, "x")
		}
		if flags&withoutLength != 0 {
			request.ContentLength = -1
		}
		if flags&withAccessToken != 0 {
			request.Header.Set("Authorization", "Bearer "+accessToken)
		}

		handler := shop.handler
		if flags&toSubgraph != 0 {
			handler = subgraph.handler
		}

		o.log.clear()
		recorder := httptest.NewRecorder()
		handler.ServeHTTP(recorder, request)
		checkFuzzed(t, recorder, o.log.String())
	})
}

func checkFuzzed(t *testing.T, recorder *httptest.ResponseRecorder, logged string) {
	t.Helper()
	text := recorder.Body.String()
	if recorder.Code < 200 || recorder.Code >= http.StatusInternalServerError {
		t.Errorf("status %d", recorder.Code)
	}

	var got struct {
		Data   json.RawMessage
		Errors []struct {
			Message    string
			Extensions struct{ Code, Reason, NextStep string }
		}
	}
	if err := json.Unmarshal([]byte(text), &got); err != nil || text == "null" {
		t.Errorf("not a JSON object: %q", text)
	}
	if mediaType := recorder.Header().Get("Content-Type"); mediaType != jsonType+"; charset=utf-8" &&
		mediaType != responseType+"; charset=utf-8" {
		t.Errorf("media type %q", mediaType)
	}
	if len(got.Errors) == 0 && got.Data == nil {
		t.Errorf("neither data nor errors: %s", text)
	}

	for _, failure := range got.Errors {
		if failure.Extensions.Code == "" || failure.Extensions.Reason == "" || failure.Extensions.NextStep == "" ||
			failure.Extensions.Code == string(problem.CodeInternalServerError) {
			t.Errorf("error %+v", failure)
		}
		if strings.Contains(failure.Message, fuzzedToken) {
			t.Errorf("a message repeats a token: %s", failure.Message)
		}
	}

	everything := text + logged
	for name, values := range recorder.Header() {
		everything += name + strings.Join(values, ",")
	}

	if strings.Contains(everything, fuzzedPassword) || (got.Data == nil && strings.Contains(everything, fuzzedToken)) {
		t.Errorf("a secret is revealed: %s\n%s", text, logged)
	}
	if strings.Contains(logged, `"level":"ERROR"`) {
		t.Errorf("the log has an error: %s", logged)
	}
}

const fuzzedVariables = `,"variables":{"input":{"username":"ada","password":"` + fuzzedPassword +
	`","previousRefreshToken":"` + fuzzedToken + `"},"a":"` + fuzzedToken + `","b":true,` +
	`"r":[{"__typename":"CustomerAccount","userId":"` + fuzzedToken + `"}]}`

var fuzzedQueries = []string{
	signInQuery,
	`mutation { createUserTicket(input: {username: "ada", password: "` + fuzzedPassword +
		`"}) { ...A } } fragment A on CustomerAuthTicket { accessToken customerAccount { attributes { values } } }`,
	`mutation A($a: String = "` + fuzzedToken + `") { refreshTicket(refreshToken: $a) { userId } } query B { ` +
		`__typename }`,
	`mutation($a: String!, $b: Boolean) { revokeTicket(refreshToken: $a, everywhere: $b) { sessionsEnded } }`,
	`mutation { a: anonymousShopperTicket { userId behaviors } b: anonymousShopperTicket { ... on ` +
		`CustomerAuthTicket { refreshToken } ... { refreshAfter } } }`,
	`mutation { a: createUserTicket(input: {username: "ada", password: "` + fuzzedPassword +
		`"}) { userId } b: refreshTicket(refreshToken: """` + fuzzedToken + `""") { userId } }`,
	`query($a: Boolean = true) { __typename @include(if: $a) currentShopper @skip(if: $a) { userId ` +
		`customerAccount { ...A } } } fragment A on CustomerAccount { id firstName attributes { fullyQualifiedName } }`,
	`{ __schema { types { name kind fields(includeDeprecated: true) { name args { name type { name ofType { name ` +
		`} } } } enumValues { name } possibleTypes { name } } directives { name locations } } }`,
	`query($a: String!) { __type(name: $a) { name description specifiedByURL isOneOf inputFields { name ` +
		`defaultValue } } }`,
	`query($r: [_Any!]!) { _entities(representations: $r) { __typename ... on CustomerAccount { userId attributes ` +
		`{ values } } } _service { sdl } }`,
	`{ _entities(representations: [{__typename: "CustomerAccount", userId: 9223372036854775807}, {userId: 1.5e3, ` +
		`a: [ENUM, true, null, "\u00e9"]}]) { __typename } }`,
	`{ _entities(representations: [{__typename: "CustomerAccount", userId: 9223372036854775808}]) { __typename } }`,
	`query($a: _Any) { _entities(representations: [[{a: 1e999, b: $a}]]) { __typename } }`,
	`{ ...A } fragment A on Query { ...B } fragment B on Query { ...A }`,
	`{ ...A } fragment A on Query { __typename } fragment A on Query { a }`, `subscription { a }`,
	`query A { a } query A { a }`,
	`mutation @defer { anonymousShopperTicket { ... @defer(label: "` + fuzzedToken + `") { userId } } }`,
	`{ a: __typename a: currentShopper { userId } } # ` + fuzzedPassword,
	`type Query { a: Int } extend schema @link(url: "")`,
	`{ currentShopper { userId(a: {b: [$c, "` + fuzzedPassword + `"]}) } }`, "\ufeff{\t__typename,\r\n}",
	`{__typename @include(if: "` + fuzzedPassword + `")}`, "", "{", `"`, `"""`, "\u0000",
	`query($a: Int = 99999999999999999999, $b: [String!]! = ["` + fuzzedToken + `", null]) { __typename }`,
	strings.Repeat("{a ", 20) + strings.Repeat("}", 20), `{ ` + strings.Repeat("a: __typename ", 12) + `}`,
}

var fuzzedBodies = []string{
	good, `{"query":"{ __typename }","operationName":null,"variables":null,"extensions":null}`,
	`[` + good + `,` + good + `]`, `{"query":5}`, `{"Query":"{ __typename }"}`,
	`{"query":"{ __typename }","query":"{ a }"}`,
	`{"query":"{ __typename }","variables":{"a":{"b":[[[1e400,"\ud83d\ude00"]]]}}}`,
	`{"query":"{ __typename }","variables":"` + fuzzedPassword + `"}`,
	`{"query":"{ __typename }","other":"` + fuzzedPassword + `"} ` + fuzzedToken,
	`{"qu\u0065ry":"{ __typen\u0061me }","variables":{"\ud800":1}}`,
	"{\"query\":\"{ __typename }\",\"variables\":{\"a\":\"\xff" + fuzzedPassword + "\"}}",
	`{"query":"{ one: __typename }","extensions":{"persistedQuery":{"version":1,"sha256Hash":"` + fuzzedToken + `"}}}`,
	`{"extensions":{"persistedQuery":{"version":1,"sha256Hash":"` + fuzzedToken + `"}}}`,
	`{"query":"{ __typename }","extensions":{"persistedQuery":{"version":2}}}`,
	`{"query":"{ __typename }","extensions":{"persistedQuery":{"version":1,` +
		`"sha256Hash":"ecf4edb46db40b5132295c0291d62fb65d6759a9eedfa4d5d612dd5ec54a6b38"}}}`,
	`{"extensions":{"persistedQuery":{"version":1,` +
		`"sha256Hash":"ecf4edb46db40b5132295c0291d62fb65d6759a9eedfa4d5d612dd5ec54a6b38"}}}`,
	`{"query":"mutation { refreshTicket(refreshToken: \"` + fuzzedToken + `\") { userId } }"`,
	`{"variables":{"a":` + strings.Repeat("[", 40) + `"` + fuzzedPassword + `"`, " \n" + good + " ", "null",
	"\x00", "",
}

var fuzzedURLs = []string{
	"query={__typename}", "query={__typename}&query={a}", "query=mutation{anonymousShopperTicket{userId}}",
	"query=%7B__typename%7D&variables=%7B%22a%22%3A%22" + fuzzedPassword + "%22%7D&operationName=" + fuzzedToken,
	`query={__typename}&extensions={"persistedQuery":{"version":1,"sha256Hash":"` + fuzzedToken + `"}}`,
	"query=%", "query=a;b", "variables={}&query=" + fuzzedPassword, "", "query=%FF%00", "&&=&query",
	`query={__schema{types{name}}}&extensions=[]`,
}
