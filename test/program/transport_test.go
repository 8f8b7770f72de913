package program_test

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/authtickets/authtickets/storage/storagetest"
)

// marker is a text that must not be repeated. Requests contain it where a password could be.
const marker = "marker5b7f2c"

// exchange sends any request to the endpoint, and checks what is true for every answer. Headers
// come in pairs.
func (s *server) exchange(method, query, body string, headers ...string) answer {
	s.t.Helper()
	request, err := http.NewRequestWithContext(soon(s.t), method, s.url+"/graphql"+query, strings.NewReader(body))
	must(s.t, err)

	for i := 0; i < len(headers); i += 2 {
		request.Header.Add(headers[i], headers[i+1])
	}

	got, err := send(s.client, request)
	must(s.t, err)
	about := fmt.Sprintf("%s %.60s %.60q %s", method, query, body, headers)

	for name, want := range map[string]string{"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"} {
		if got.Header.Get(name) != want {
			s.t.Errorf("%s: %s is %q", about, name, got.Header.Get(name))
		}
	}

	if mediaType := got.Header.Get("Content-Type"); !strings.HasPrefix(mediaType, "application/") ||
		!strings.HasSuffix(mediaType, "json; charset=utf-8") {
		s.t.Errorf("%s: the content type is %q", about, mediaType)
	}
	if strings.Contains(got.Text, marker) {
		s.t.Errorf("%s: the answer repeats the request: %s", about, got.Text)
	}
	if len(got.Errors) > 0 && (got.Code() == "" || got.Reason() == "" || got.Errors[0].Extensions.NextStep == "") ||
		len(got.Text) > 4<<10 && len(got.Errors) > 0 {
		s.t.Errorf("%s: an error without a code, or of %d bytes: %.200s", about, len(got.Text), got.Text)
	}

	return got
}

// refuses sends a request that cannot be run, and fails unless it is refused in this way.
func (s *server) refuses(status int, code, method, query, body string, headers ...string) answer {
	s.t.Helper()
	begin := time.Now()
	got := s.exchange(method, query, body, headers...)
	if got.Status != status || got.Code() != code || len(got.Errors) == 0 || got.Data != nil ||
		strings.Contains(got.Text, `"data"`) {
		s.t.Errorf(
			"%s %.60s %.60q %s: want %d %s, got %d %.200s", method, query, body, headers, status, code,
			got.Status, got.Text,
		)
	}

	if took := time.Since(begin); took > 3*time.Second {
		s.t.Errorf("%.60q: refused after %s", body, took)
	}

	return got
}

const (
	jsonType     = "application/json"
	responseType = "application/graphql-response+json"
)

func TestMalformedRequests(t *testing.T) {
	t.Parallel()

	server := newSite(t, storagetest.SQLite(t)).start()
	for _, body := range []string{
		"", " ", "null", "1", `"` + marker + `"`, "[]", `[{"query":"{ __typename }"}]`, "{}", `{"query":null}`,
		`{"query":""}`, `{"query":5}`, `{"query":["{ __typename }"]}`,
		`{"query":"{ __typename }","variables":"` + marker + `"}`,
		`{"query":"{ __typename }","variables":["` + marker + `"]}`, `{"query":"{ __typename }","variables":1}`,
		`{"query":"{ __typename }","operationName":5}`, `{"query":"{ __typename }","extensions":"` + marker + `"}`,
		`{"query":"{ __typename }"} ` + marker, `{"query":"{ __typename }"}{}`, `{"query":"{ __typename }"},`,
		`{"query":"{ __typename }" "` + marker + `"}`,
		`{"query":"` + marker, `{"query":"{ __typename }","variables":{"` + marker + `":`,
		`{"query":"{ __typename }",}`, "\x00", "\xef\xbb\xbf{}", "{'query':'{ __typename }'}",
		`{"variables":{"a":` + strings.Repeat("[", 60_000), `{"variables":{"a":` + strings.Repeat(`{"a":`, 12_000),
	} {
		server.refuses(http.StatusBadRequest, "BAD_USER_INPUT", http.MethodPost, "", body, "Content-Type", jsonType)
	}

	const good = `{"query":"{ __typename }"}`
	for _, contentType := range []string{
		"", "text/plain", "text/plain; a=application/json", "application/x-www-form-urlencoded",
		"multipart/form-data; boundary=" + marker, "application/graphql",
		"application/json; charset=utf-16", "application/jsonp", "application/json, text/plain", "text/json",
		";", "application/graphql-response+json",
	} {
		server.refuses(
			http.StatusUnsupportedMediaType, "BAD_USER_INPUT", http.MethodPost, "", good,
			"Content-Type", contentType,
		)
	}

	for _, encoding := range []string{"gzip", "deflate", "br", "identity, gzip", marker} {
		server.refuses(
			http.StatusUnsupportedMediaType, "BAD_USER_INPUT", http.MethodPost, "", good,
			"Content-Type", jsonType, "Content-Encoding", encoding,
		)
	}

	var zipped bytes.Buffer
	writer := gzip.NewWriter(&zipped)
	_, err := writer.Write([]byte(good))
	must(t, err)
	must(t, writer.Close())
	server.refuses(
		http.StatusUnsupportedMediaType, "BAD_USER_INPUT", http.MethodPost, "", zipped.String(),
		"Content-Type", jsonType, "Content-Encoding", "gzip",
	)

	for _, contentType := range []string{
		jsonType, "Application/JSON", "application/json; charset=UTF-8", `application/json;charset="utf-8"`,
	} {
		if got := server.exchange(http.MethodPost, "", good, "Content-Type",
			contentType); got.Status != http.StatusOK ||
			len(got.Errors) > 0 {
			t.Errorf("%s: %d %s", contentType, got.Status, got.Text)
		}
	}

	for _, method := range []string{
		http.MethodPut, http.MethodDelete, http.MethodPatch, http.MethodOptions, http.MethodTrace, "QUERY",
	} {
		got := server.refuses(http.StatusMethodNotAllowed, "BAD_USER_INPUT", method, "", good, "Content-Type", jsonType)
		if got.Header.Get("Allow") != "GET, HEAD, POST" {
			t.Errorf("%s: Allow is %q", method, got.Header.Get("Allow"))
		}
	}

	for _, path := range []string{
		"/debug/pprof/", "/debug/vars", "/metrics", "/.git/config", "/graphql/" + marker, "/data/keys.json",
		"/go.mod",
	} {
		if status, err := server.get(path); err != nil || status != http.StatusNotFound {
			t.Errorf("%s: %d %v", path, status, err)
		}
	}

	if strings.Contains(server.stderr.String(), `"`+marker) {
		t.Error("the log repeats a request")
	}
}

// A query may come with GET, unless a page of another origin could have made the browser send it.
func TestGet(t *testing.T) {
	t.Parallel()

	server := newSite(t, storagetest.SQLite(t)).start()
	query := "?query=" + url.QueryEscape("query A($a: Boolean = true) { __typename @include(if: $a) }")
	const preflight = "apollo-require-preflight"

	for _, headers := range [][]string{{}, {preflight, ""}, {"Content-Type", "text/plain"}, {"Accept", jsonType}} {
		server.refuses(http.StatusBadRequest, "BAD_USER_INPUT", http.MethodGet, query, "", headers...)
	}

	for _, header := range []string{preflight, "x-apollo-operation-name"} {
		for variables, want := range map[string]string{
			"": `{"data":{"__typename":"Query"}}`, `&variables={"a":false}`: `{"data":{}}`,
			"&operationName=A&extensions={}&variables={}": `{"data":{"__typename":"Query"}}`,
		} {
			if got := server.exchange(http.MethodGet, query+variables, "", header, "x"); got.Status != http.StatusOK ||
				got.Text != want {
				t.Errorf("%s: want %s, got %d %s", variables, want, got.Status, got.Text)
			}
		}
	}

	if got := server.exchange(http.MethodHead, query, "", preflight, "x"); got.Status != http.StatusOK ||
		got.Text != "" ||
		got.Header.Get("Content-Length") != "31" {
		t.Errorf("HEAD: %d %s %v", got.Status, got.Text, got.Header)
	}

	for _, wrong := range []string{
		"", "?query=", "?q=" + marker, query + "&variables=" + marker, query + "&variables=[]",
		query + "&variables=1", query + `&variables={"a":` + marker + `}`, query + "&extensions=[]",
		query + "&variables={}" + marker,
	} {
		server.refuses(http.StatusBadRequest, "BAD_USER_INPUT", http.MethodGet, wrong, "", preflight, "x")
	}

	before := server.stderr.count("INSERT")
	for _, method := range []string{http.MethodGet, http.MethodHead} {
		token := server.anonymous().RefreshToken
		mutation := "?query=" + url.QueryEscape(`mutation { refreshTicket(refreshToken: "`+token+`") { userId } }`)
		got := server.exchange(method, mutation, "", preflight, "x")
		if got.Status != http.StatusMethodNotAllowed || got.Header.Get("Allow") != "POST" {
			t.Errorf("%s: %d %v", method, got.Status, got.Header)
		}
	}

	if server.stderr.count("INSERT") != before {
		t.Error("a mutation was run with GET")
	}
}

// The server obeys --introspection and --origins. TestHardening checks the details.
func TestFlagsOfTheEndpoint(t *testing.T) {
	t.Parallel()

	s := newSite(t, storagetest.SQLite(t))
	open := s.start("--origins=https://shop.example,https://www.shop.example:8443")
	closed := newSite(t, storagetest.SQLite(t)).start("--introspection=false", "--no-playground")
	const introspection, misspelt = `{"query":"{ __schema { queryType { name } } }"}`, `{"query":"{ currentShoper ` +
		`{ userId } }"}`
	got := open.exchange(http.MethodPost, "", introspection, "Content-Type", jsonType)
	if got.Text != `{"data":{"__schema":{"queryType":{"name":"Query"}}}}` {
		t.Error(got.Text)
	}

	closed.refuses(
		http.StatusOK, "GRAPHQL_VALIDATION_FAILED", http.MethodPost, "", introspection, "Content-Type",
		jsonType,
	)
	for server, suggests := range map[*server]bool{open: true, closed: false} {
		got := server.refuses(
			http.StatusOK, "GRAPHQL_VALIDATION_FAILED", http.MethodPost, "", misspelt, "Content-Type", jsonType,
		)
		if strings.Contains(got.Text, "currentShopper") != suggests || strings.Contains(got.Text, "Query") != suggests {
			t.Error(got.Text)
		}
	}

	open.expectStatus("/", http.StatusOK)
	closed.expectStatus("/", http.StatusNotFound)
	for origin, allowed := range map[string]bool{
		"https://shop.example": true, "https://www.shop.example:8443": true, "https://foreign.example": false,
	} {
		for server, has := range map[*server]bool{open: allowed, closed: false} {
			got := server.exchange(
				http.MethodPost, "", `{"query":"{ __typename }"}`, "Content-Type", jsonType, "Origin", origin,
			).Header.Get("Access-Control-Allow-Origin")
			if has && got != origin || !has && got != "" {
				t.Errorf("%s may read: %q", origin, got)
			}
		}
	}

	all := s.start("--origins=*")
	if got := all.exchange(http.MethodPost, "", `{"query":"{ __typename }"}`, "Content-Type", jsonType, "Origin",
		"https://foreign.example").Header; got.Get(
		"Access-Control-Allow-Origin",
	) == "" {
		t.Errorf("%v", got)
	}
}
