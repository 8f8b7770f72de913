package test_test

import (
	"fmt"
	"net/http"
	"net/url"
)

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
