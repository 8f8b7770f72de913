package test_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/authtickets/authtickets/models"
	"github.com/authtickets/authtickets/web"
)

// preflight asks, like a browser, whether a page may send a request.
func (o *office) preflight(origin, method, headers string) http.Header {
	o.t.Helper()
	request := httptest.NewRequestWithContext(o.t.Context(), http.MethodOptions, "/graphql", http.NoBody)
	request.Host = "tickets.example:8080"
	request.Header = http.Header{
		"Origin": {origin}, "Access-Control-Request-Method": {method}, "Access-Control-Request-Headers": {headers},
	}
	recorder := httptest.NewRecorder()
	o.handler.ServeHTTP(recorder, request)

	return recorder.Header()
}

func isAllowed(preflight http.Header) bool { return preflight.Get("Access-Control-Allow-Origin") != "" }

// Tracing tools add headers to every request of a page.
func TestPagesMaySendHeadersOfTheirOwn(t *testing.T) {
	t.Parallel()

	o := open(t, sqlite(t))
	const tracing = "authorization,b3,baggage,content-type,newrelic,sentry-trace,traceparent,tracestate," +
		"uber-trace-id,x-b3-sampled,x-b3-spanid,x-b3-traceid,x-datadog-origin,x-datadog-parent-id," +
		"x-datadog-sampling-priority,x-datadog-tags,x-datadog-trace-id,x-newrelic-id," +
		"x-cloud-trace-context,x-amzn-trace-id"

	for _, headers := range append(strings.Split(tracing, ","), tracing, strings.ReplaceAll(tracing, ",", ", ")) {
		got := o.preflight(shopOrigin, http.MethodPost, headers)
		if got.Get("Access-Control-Allow-Headers") != headers || got.Get("Access-Control-Allow-Origin") != shopOrigin {
			t.Errorf("%s: %v", headers, got)
		}
		if got["Access-Control-Allow-Credentials"] != nil {
			t.Errorf("%s: %v", headers, got)
		}
		if foreign := o.preflight("https://foreign.example", http.MethodPost, headers); isAllowed(foreign) {
			t.Errorf("%s from another origin: %v", headers, foreign)
		}
	}

	many := strings.TrimSuffix(strings.Repeat("x-a,", 65), ",")
	for _, headers := range []string{
		many, "x-" + strings.Repeat("a", 2048), "content type", "x-ä", "traceparent\x00",
		"x-forwarded-for", "Forwarded", "content-type, X-Application-Secret", "x-shopper-address", "X-Real-IP",
	} {
		got := o.preflight(shopOrigin, http.MethodPost, headers)
		if isAllowed(got) || !strings.Contains(strings.Join(got["Vary"], ", "), "Origin") {
			t.Errorf("%q is allowed: %v", headers, got)
		}
	}
}

// An operator who forgot an origin finds it in the log.
func TestRefusedPagesAreLoggedOnceAMinute(t *testing.T) {
	t.Parallel()

	o := open(t, sqlite(t))
	const page = "page refused: its origin is neither in --origins nor the server's own"
	const preflight = "preflight refused: the method or a header that the page asks for is not allowed"
	issue := `mutation { anonymousShopperTicket { userId } }`

	for range 3 {
		o.preflight("https://foreign.example", http.MethodPost, "content-type")
		expect(t, o.post(issue, nil, "Origin", "https://foreign.example"), models.ReasonOriginNotAllowed)
	}

	if got := o.log.count(page); got != 1 {
		t.Errorf("%d records:\n%s", got, o.log)
	}

	for _, want := range []string{
		`"origin":"https://foreign.example"`, `"host":"tickets.example:8080"`, `"scheme":"http"`, `ORIGIN_NOT_ALLOWED`,
	} {
		if !strings.Contains(o.log.String(), want) {
			t.Errorf("%s is not in\n%s", want, o.log)
		}
	}

	for range 3 {
		o.preflight(shopOrigin, http.MethodPut, "content-type")
	}

	if got := o.log.count(preflight); got != 1 {
		t.Errorf("%d records:\n%s", got, o.log)
	}

	for i := range 1000 {
		o.preflight(fmt.Sprintf("https://%d.example", i), http.MethodPost, "content-type")
	}

	if got := o.log.count(page); got > 60 {
		t.Errorf("strangers have written %d records", got)
	}
}

func TestRefusedPagesOfAnIntrospectionAreLogged(t *testing.T) {
	t.Parallel()

	o := open(t, sqlite(t))
	backend := o.backend()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, o.web.URL+"/oauth/introspect",
		strings.NewReader("token=x"))
	must(t, err)
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	request.Header.Set("Origin", "https://foreign.example")

	for i := 0; i < len(backend); i += 2 {
		request.Header.Set(backend[i], backend[i+1])
	}

	if got := o.send(request); got.Status != http.StatusForbidden {
		t.Errorf("%d %s", got.Status, got.Text)
	}
	if !strings.Contains(o.log.String(), "page refused") {
		t.Error(o.log)
	}
}

// A developer's page comes from another port.
func TestLocalPagesMayCallTheDemo(t *testing.T) {
	t.Parallel()

	strict := open(t, sqlite(t))
	demo := strict.with(func(s *web.Settings) { s.LocalPages = true })
	issue := `mutation { anonymousShopperTicket { userId } }`

	for origin, isLocal := range map[string]bool{
		"http://localhost:5173":      true,
		"https://localhost":          true,
		"http://127.0.0.1:3000":      true,
		"http://[::1]:3000":          true,
		"http://shop.localhost:8000": true,
		"http://127.1.2.3":           true,
		"http://localhost.example":   false,
		"https://foreign.example":    false,
		"null":                       false,
		"http://192.168.0.1":         false,
		"http://notlocalhost":        false,
		"http://localhost:80:80":     false,
	} {
		want := models.ReasonOriginNotAllowed
		if isLocal {
			want = ""
		}

		expect(t, demo.post(issue, nil, "Origin", origin), want)
		expect(t, strict.post(issue, nil, "Origin", origin), models.ReasonOriginNotAllowed)
		if got := demo.preflight(origin, http.MethodPost, "content-type,traceparent"); isAllowed(got) != isLocal {
			t.Errorf("%s: %v", origin, got)
		}
		if got := strict.preflight(origin, http.MethodPost, "content-type"); isAllowed(got) {
			t.Errorf("%s: %v", origin, got)
		}
	}
}

// Behind a proxy that is not trusted, all shoppers look like one source.
func TestAProxyThatIsNotTrustedIsLoggedOnce(t *testing.T) {
	t.Parallel()

	o := open(t, sqlite(t))
	const hint = "--trusted-proxies"
	for _, test := range []struct {
		office *office
		want   int
	}{{o, 0}, {o.with(func(s *web.Settings) { s.TrustedProxies = nil }), 1}} {
		for range 3 {
			test.office.post(`{ __typename }`, nil)
		}

		if strings.Contains(o.log.String(), hint) {
			t.Error("there was no proxy")
		}

		for range 3 {
			test.office.post(`{ __typename }`, nil, "X-Forwarded-For", "203.0.113.9")
		}

		if got := strings.Count(o.log.String(), hint); got != test.want {
			t.Errorf("%d records:\n%s", got, o.log)
		}
	}
}

// A request with two origins comes from no page. None of them is allowed.
func TestTwoOrigins(t *testing.T) {
	t.Parallel()

	g := guard(t, func(*web.Settings) {})
	g.allowOrigins(shopOrigin)
	got := g.try(about(issueQuery, "").with("Origin", shopOrigin).with("Origin", "https://foreign.example"))
	if got.Header[allowOrigin] != nil || got.Reason() != models.ReasonOriginNotAllowed {
		t.Errorf("%v %s", got.Header, got.Text)
	}
}
