package test_test

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing/iotest"

	"github.com/authtickets/authtickets/web"
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

func (g *guarded) noQuery() {
	for _, body := range []string{
		"", " ", "null", "1", "1.5", "true", `"` + marker + `"`, "{}", `{"query":null}`, `{"query":""}`,
		`{"query":5}`, `{"query":true}`, `{"query":["{ __typename }"]}`, `{"query":{}}`,
		`{"Query":"{ __typename }"}`, `{"QUERY":"{ __typename }"}`,
		`{"query":"{ __typename }","query":"{ __typename }"}`,
		`{"query":"{ __typename }","qu\u0065ry":"` + marker + `"}`,
		`{"query":"{ __typename }","variables":"` + marker + `"}`,
		`{"query":"{ __typename }","variables":["` + marker + `"]}`, `{"query":"{ __typename }","variables":1}`,
		`{"query":"{ __typename }","variables":{"a":1,"a":2}}`, `{"query":"{ __typename }","variables":{"a":1e999}}`,
		`{"query":"{ __typename }","operationName":5}`, `{"query":"{ __typename }","operationName":["` + marker + `"]}`,
		`{"query":"{ __typename }","extensions":"` + marker + `"}`,
		`{"query":"{ __typename }","extensions":[]}`,
		`{"query":"{ __typename }","extensions":{"persistedQuery":"` + marker + `"}}`,
	} {
		g.refuses(attempt{body: body}, badRequest(http.StatusBadRequest))
	}

	for _, body := range []string{
		good, " \r\n\t" + good + "\n",
		`{"query":"{ __typename }","variables":null,"operationName":null,"extensions":null}`,
		`{"query":"{ __typename }","variables":{},"extensions":{"other":[1]},"other":1}`,
		`{"query":"query A { __typename }","operationName":"A"}`, `{"qu\u0065ry":"{ __typen\u0061me }"}`,
	} {
		g.answers(attempt{body: body})
	}
}

func (g *guarded) batches() {
	one := about(signInQuery, `{"input":{"username":"ada","password":"`+marker+`"}}`).body
	for _, body := range []string{
		"[]", "[" + good + "]", "[" + one + "]", " \n[" + one + "," + one + "]", "[[" + one + "]]",
		"[" + strings.Repeat(one+",", 99) + one + "]", "[1]", "[null]", "[",
	} {
		g.refuses(attempt{body: body}, badRequest(http.StatusBadRequest))
	}
}

func (g *guarded) get() {
	query := "?query=" + url.QueryEscape(
		"query A($a: Boolean = true) { __typename @include(if: $a) } query B { b: __typename }",
	)
	for _, header := range []string{preflight, "x-apollo-operation-name"} {
		for values, want := range map[string]string{
			"&operationName=A":                                        `{"data":{"__typename":"Query"}}`,
			`&operationName=A&variables={"a":false}`:                  `{"data":{}}`,
			"&operationName=B&variables=null&extensions=null&other=1": `{"data":{"b":"Query"}}`,
		} {
			got := g.answers(attempt{method: http.MethodGet, url: query + values, headers: []string{header, "x"}})
			if got.Text != want {
				g.t.Errorf("%s: want %s, got %s", values, want, got.Text)
			}
		}
	}

	for _, wrong := range []string{
		"", "?query=", "?q=" + marker, query + query[1:] + "&query=a",
		query + "&operationName=A&operationName=A", query + "&variables=" + marker, query + "&variables=[]",
		query + "&variables=1", query + `&variables={"a":` + marker,
		query + `&variables={"a":1,"a":2}`, query + "&variables={}{}", query + "&variables={}&variables={}",
		query + "&extensions=[]", query + "&extensions=" + marker, query + "&a=;" + marker,
		query + "&a=%" + marker,
	} {
		g.refuses(
			attempt{method: http.MethodGet, url: wrong, headers: []string{preflight, "x"}},
			badRequest(http.StatusBadRequest),
		)
	}

	g.refuses(
		attempt{method: http.MethodGet, url: query, headers: []string{preflight, "x"}},
		refusal{code: validationFailed},
	) // it does not say which of the two operations to run

	for values, status := range map[string]int{
		query + "&operationName=B": http.StatusOK, query: http.StatusBadRequest, "": http.StatusBadRequest,
	} {
		ask := func(method string) answer {
			request, err := http.NewRequestWithContext(g.t.Context(), method, g.web.URL+"/graphql"+values, http.NoBody)
			must(g.t, err)
			request.Header.Set(preflight, "x")
			request.Header.Set("Accept", responseType)
			return g.send(request)
		}

		get, head := ask(http.MethodGet), ask(http.MethodHead)
		if head.Status != status || get.Status != status || head.Text != "" ||
			head.Header.Get("Content-Length") != fmt.Sprint(len(get.Text)) ||
			head.Header.Get("Content-Type") != get.Header.Get("Content-Type") {
			g.t.Errorf(
				"%s: GET %d %v, HEAD %d %v %s", values, get.Status, get.Header, head.Status,
				head.Header, head.Text,
			)
		}
	}
}

func (g *guarded) mutationByGET() {
	for query, name := range map[string]string{
		`mutation { anonymousShopperTicket { userId } }`:                                 "",
		`mutation A { anonymousShopperTicket { userId } } query B { __typename }`:        "A",
		`mutation { refreshTicket(refreshToken: "` + marker + `") { userId } }`:          "",
		`mutation { ...A } fragment A on Mutation { anonymousShopperTicket { userId } }`: "",
	} {
		for _, method := range []string{http.MethodGet, http.MethodHead} {
			a := attempt{
				method:  method,
				url:     "?query=" + url.QueryEscape(query) + "&operationName=" + name,
				headers: []string{preflight, "x"},
			}
			for _, accept := range []string{jsonType, responseType} {
				if got := g.refusesAs(accept, a, badRequest(http.StatusMethodNotAllowed)); got.Header.Get(
					"Allow",
				) != http.MethodPost {
					g.t.Errorf("Allow is %q", got.Header.Get("Allow"))
				}
			}
		}
	}
}

func (g *guarded) otherMethods() {
	for _, method := range []string{
		http.MethodPut, http.MethodDelete, http.MethodPatch, http.MethodOptions, http.MethodTrace, "QUERY",
		"post", marker,
	} {
		for _, accept := range []string{jsonType, responseType} {
			if got := g.refusesAs(accept, attempt{method: method, body: good},
				badRequest(http.StatusMethodNotAllowed)); got.Header.Get(
				"Allow",
			) != "GET, HEAD, POST" {
				g.t.Errorf("%s: Allow is %q", method, got.Header.Get("Allow"))
			}
		}
	}
}

func (g *guarded) otherContentTypes() {
	for _, contentType := range []string{
		"", "text/plain", "text/plain; a=application/json", "application/x-www-form-urlencoded",
		"multipart/form-data; boundary=" + marker, "application/graphql", "application/json; charset=utf-16",
		"application/json; charset=iso-8859-1", "application/jsonp", "application/json, text/plain",
		"text/json", ";", "application/graphql-response+json", "*/*", "application/*", marker,
		"application/json; charset=",
	} {
		for _, body := range []string{
			good, "query=%7B__typename%7D", "{ __typename }",
			"--" + marker + "\r\nContent-Disposition: form-data; name=\"operations\"\r\n\r\n" + good + "\r\n--" +
				marker + "--",
		} {
			g.refuses(
				attempt{body: body, headers: []string{"Content-Type", contentType}},
				badRequest(http.StatusUnsupportedMediaType),
			)
		}
	}

	g.refuses(
		attempt{body: good, headers: []string{preflight, "x"}}, badRequest(http.StatusUnsupportedMediaType),
	) // without Content-Type
	g.refuses(
		attempt{body: good}.with("Content-Type", "text/plain"), badRequest(http.StatusUnsupportedMediaType),
	) // with two of them
	for _, contentType := range []string{
		jsonType, "Application/JSON", "application/json; charset=UTF-8", `application/json;charset="utf-8"`,
		"application/json ; charset=utf-8",
	} {
		g.answers(attempt{body: good, headers: []string{"Content-Type", contentType}})
	}
}

// A page of another origin can make a browser send these without a preflight.
func (g *guarded) forgery() {
	query := "?query=" + url.QueryEscape("{ __typename }")
	for _, headers := range [][]string{
		{"Accept", "*/*"},
		{preflight, ""},
		{"x-apollo-operation-name", ""},
		{"Content-Type", "text/plain"},
		{"Content-Type", "application/x-www-form-urlencoded"},
		{"Accept-Language", "en"},
		{"Origin", "https://foreign.example"},
		{"Origin", "https://shop.example"},
		{"Authorization", "Basic eDp5"}, // browsers add it themselves
	} {
		for _, method := range []string{http.MethodGet, http.MethodHead} {
			g.refuses(attempt{method: method, url: query, headers: headers}, badRequest(http.StatusBadRequest))
		}
	}

	for _, contentType := range []string{"text/plain", "application/x-www-form-urlencoded", "multipart/form-data"} {
		g.refuses(
			attempt{
				body:    good,
				url:     query,
				headers: []string{"Content-Type", contentType, "Origin", "https://foreign.example"},
			},
			badRequest(http.StatusUnsupportedMediaType),
		)
	}

	for _, preflighted := range [][]string{ // a browser sends a preflight before these
		{preflight, "x"},
		{"x-apollo-operation-name", "x"},
		{"Content-Type", jsonType},
		{"Authorization", "Bearer x"},
		{"x-vol-user-claims", "x"},
		{"x-application", "storefront"},
	} {
		g.answers(attempt{method: http.MethodGet, url: query, headers: preflighted})
	}
}

func (g *guarded) brokenJSON() {
	whole := about(signInQuery, `{"input":{"username":"ada","password":"`+marker+`"}}`).body
	for end := range whole {
		if end%7 == 0 || end > len(whole)-8 {
			g.refuses(attempt{body: whole[:end]}, badRequest(http.StatusBadRequest))
		}
	}

	for _, body := range []string{
		whole + marker, whole + whole, whole + ",", whole + "]", whole + "\x00", "\xef\xbb\xbf" + whole,
		"\x00" + whole, strings.Replace(whole, marker, marker+"\xff", 1),
		strings.Replace(whole, marker, marker+`\ud800`, 1),
		strings.Replace(whole, marker, marker+"\n", 1), strings.Replace(whole, marker, marker+`\q`, 1),
		strings.Replace(whole, `"`+marker+`"`, marker, 1),
		strings.Replace(whole, `"`+marker+`"`, `'`+marker+`'`, 1),
		strings.Replace(whole, `"`+marker+`"`, `"`+marker+`",`, 1), "// " + marker + "\n" + whole,
		strings.ReplaceAll(whole, `"`, `'`), marker, `"` + marker,
	} {
		g.refuses(attempt{body: body}, badRequest(http.StatusBadRequest))
	}

	g.refuses(
		attempt{stream: io.MultiReader(strings.NewReader(whole[:len(whole)-1]), iotest.ErrReader(io.ErrUnexpectedEOF))},
		badRequest(http.StatusBadRequest),
	)
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

// measured counts how much of a body is read.
type measured struct {
	io.Reader

	read int
}

func (m *measured) Read(into []byte) (int, error) {
	n, err := m.Reader.Read(into)
	m.read += n
	return n, err
}

func (g *guarded) largeBodies() {
	const limit = 64 << 10
	tooLarge := refusal{status: http.StatusRequestEntityTooLarge, code: badUserInput, limit: "body-limit"}
	padded := func(length int) string { return good + strings.Repeat(" ", length-len(good)) }
	g.answers(attempt{body: padded(limit)})
	g.answers(attempt{stream: io.MultiReader(strings.NewReader(padded(limit)))}) // in chunks
	g.refuses(attempt{body: padded(limit + 1)}, tooLarge)
	g.refuses(
		attempt{
			body: about(
				signInQuery, `{"input":{"username":"ada","password":"`+strings.Repeat(marker, 100_000)+`"}}`,
			).body,
		},
		tooLarge,
	)

	endless := &measured{
		Reader: io.MultiReader(
			strings.NewReader(marker), iotest.DataErrReader(strings.NewReader(strings.Repeat(" ", 10<<20))),
		),
	}
	if got := g.refusesAs(jsonType, attempt{stream: endless}, tooLarge); endless.read > limit+1 ||
		got.Header.Get("Connection") != "close" {
		g.t.Errorf("%d bytes are read, and the connection is %q", endless.read, got.Header.Get("Connection"))
	}

	declared := &measured{Reader: strings.NewReader(padded(limit + 1))}
	if g.refuses(attempt{stream: declared, length: limit + 1}, tooLarge); declared.read > 0 {
		g.t.Errorf("%d bytes of a body with a declared length are read", declared.read)
	}
}

func (g *guarded) compressedBodies() {
	var zipped bytes.Buffer
	writer := gzip.NewWriter(&zipped)
	_, err := io.WriteString(writer, good)
	must(g.t, err)
	must(g.t, writer.Close())

	for _, encoding := range []string{
		"gzip", "GZIP", "x-gzip", "deflate", "br", "zstd", "identity, gzip", "gzip, identity", marker,
	} {
		for _, body := range []string{zipped.String(), good} {
			g.refuses(
				attempt{body: body}.with("Content-Encoding", encoding),
				badRequest(http.StatusUnsupportedMediaType),
			)
		}
	}

	g.refuses(
		attempt{body: good}.with("Content-Encoding", "identity", "Content-Encoding", "gzip"),
		badRequest(http.StatusUnsupportedMediaType),
	)
	g.answers(attempt{body: good}.with("Content-Encoding", "identity"))
}
