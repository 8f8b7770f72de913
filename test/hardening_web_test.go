package test_test

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/99designs/gqlgen/graphql"

	"github.com/authtickets/authtickets/access"
	"github.com/authtickets/authtickets/applications"
	"github.com/authtickets/authtickets/graph"
	"github.com/authtickets/authtickets/models"
	"github.com/authtickets/authtickets/web"
)

// A deferred field with a resolver of its own would silently be null.
func (g *guarded) deferred() {
	for _, query := range []string{
		`mutation { anonymousShopperTicket { ... @defer { userId } } }`,
		`mutation { anonymousShopperTicket { ... on CustomerAuthTicket @defer(if: false) { userId } } }`,
		`mutation { ... @defer { anonymousShopperTicket { userId } } }`,
		`mutation { anonymousShopperTicket { ...A @defer(label: "` + marker +
			`") } } fragment A on CustomerAuthTicket { userId }`,
		`{ currentShopper { ... @defer { customerAccount { id } } } }`,
		`mutation { anonymousShopperTicket @defer { userId } }`,
		`mutation { anonymousShopperTicket { behaviors @stream } }`,
	} {
		for _, accept := range []string{
			jsonType, responseType, "multipart/mixed; deferSpec=20220824, " + jsonType,
			"text/event-stream, */*;q=0.1",
		} {
			g.refusesAs(accept, about(query, ""), refusal{code: validationFailed})
		}
	}

	for _, accept := range []string{"multipart/mixed; deferSpec=20220824", "text/event-stream"} {
		g.refusesAs(accept, attempt{body: good}, badRequest(http.StatusNotAcceptable))
	}

	if got := g.answers(about(`{ __schema { directives { name } } }`, "")); strings.Contains(got.Text, `"defer"`) {
		g.t.Error(got.Text)
	}

	subgraph := g.but(func(s *web.Settings) {
		s.Schema = graph.NewSchema(&graph.Resolver{Office: g.Office, Accounts: g.Accounts}, true)
	})
	subgraph.refuses(
		about(`mutation { anonymousShopperTicket { ... @defer { userId } } }`, ""),
		refusal{code: validationFailed},
	)
}

const (
	allowOrigin = "Access-Control-Allow-Origin"
	otherShop   = "https://www.shop.example:8443"
)

// allowOrigins sets the origins of the storefront.
func (g *guarded) allowOrigins(origins ...string) {
	g.t.Helper()
	_, err := g.applications.Update(
		g.t.Context(), access.Operator(),
		applications.Storefront,
		applications.Change{Origins: append([]string{}, origins...)},
	)
	must(g.t, err)
	g.follow()
}

// headersFor returns the headers of the answer to a page.
func (g *guarded) headersFor(origin string) http.Header {
	g.t.Helper()
	return g.answers(attempt{body: good}.with("Origin", origin)).Header
}

func variesByOrigin(header http.Header) bool {
	return slices.Contains(strings.Split(strings.Join(header["Vary"], ", "), ", "), "Origin")
}

// foreignOrigins are origins that are not allowed, although some look like an allowed one.
func foreignOrigins() []string {
	return []string{
		"https://foreign.example", "null", "https://shop.example.foreign.example",
		"https://foreignshop.example", "https://foreign.example/https://shop.example", "http://shop.example",
		"https://shop.example:8443", "https://shop.example/",
		"https://www.shop.example", "https://sub.shop.example", "https://shop.exampl", "https://shop.example.",
		"*", "https://shop.example https://foreign.example", "https://shop.example,https://foreign.example",
		"https://shop.example@foreign.example", "shop.example", "",
	}
}

func (g *guarded) origins() {
	g.foreignOriginsAreRefused()
	g.allowedOriginsMayCall()

	g.allowOrigins("*")
	foreign := foreignOrigins()[0]
	for _, got := range []http.Header{g.headersFor(foreign), g.preflight(foreign, http.MethodPost, "authorization")} {
		if got.Get(allowOrigin) == "" || got["Access-Control-Allow-Credentials"] != nil {
			g.t.Errorf("%v", got)
		}
	}

	// The pages that may call the server can read refusals as well.
	g.allowOrigins(shopOrigin)
	if got := g.try(attempt{body: "["}.with("Origin", shopOrigin)); got.Header.Get(allowOrigin) != shopOrigin {
		g.t.Errorf("%v", got.Header)
	}
}

func (g *guarded) foreignOriginsAreRefused() {
	g.t.Helper()
	for _, list := range [][]string{nil, {shopOrigin, otherShop}} {
		g.allowOrigins(list...)
		for _, origin := range foreignOrigins() {
			refused := g.try(about(`mutation { anonymousShopperTicket { userId } }`, "").with("Origin", origin))
			if want := models.ReasonOriginNotAllowed; origin != "" && refused.Reason() != want {
				g.t.Errorf("%q: %s", origin, refused.Text)
			}

			for _, got := range []http.Header{refused.Header, g.preflight(origin, http.MethodPost, "content-type")} {
				if got[allowOrigin] != nil || got["Access-Control-Allow-Headers"] != nil ||
					got["Access-Control-Allow-Credentials"] != nil {
					g.t.Errorf("%q is allowed: %v", origin, got)
				}
			}

			if !variesByOrigin(refused.Header) {
				g.t.Errorf("%q: a cache would mix origins up: %v", origin, refused.Header)
			}
		}
	}
}

func (g *guarded) allowedOriginsMayCall() {
	g.t.Helper()
	g.allowOrigins(shopOrigin, otherShop)

	// The server's own pages are always allowed.
	issue := `mutation { anonymousShopperTicket { userId } }`
	g.answers(about(issue, "").with("Origin", "https://behind.proxy.example").with("Sec-Fetch-Site", "same-origin"))
	expect(g.t, g.post(issue, nil, "Origin", g.web.URL), "")
	headers := []string{
		"apollo-require-preflight",
		"apollographql-client-name",
		"apollographql-client-version",
		"authorization",
		"content-type",
		"x-apollo-operation-name",
		"x-application",
		"x-vol-user-claims",
	}

	for _, origin := range []string{shopOrigin, otherShop} {
		if got := g.headersFor(origin); !slices.Equal(got[allowOrigin], []string{origin}) || !variesByOrigin(got) ||
			got["Access-Control-Allow-Credentials"] != nil {
			g.t.Errorf("%s: %v", origin, got)
		}

		for _, asked := range append([]string{strings.Join(headers, ",")}, headers...) {
			got := g.preflight(origin, http.MethodPost, asked)
			if !slices.Equal(got[allowOrigin], []string{origin}) || !variesByOrigin(got) ||
				got["Access-Control-Allow-Credentials"] != nil ||
				!strings.EqualFold(got.Get("Access-Control-Allow-Headers"), asked) ||
				got.Get("Access-Control-Allow-Methods") != http.MethodPost {
				g.t.Errorf("preflight of %s from %s: %v", asked, origin, got)
			}
		}

		for _, method := range []string{http.MethodPut, http.MethodDelete, "QUERY"} {
			if got := g.preflight(origin, method, "content-type"); got[allowOrigin] != nil {
				g.t.Errorf("preflight of %s: %v", method, got)
			}
		}
	}
}

func (g *guarded) ticketHeaders() {
	g.customer("ada")
	anonymous := g.anonymous()
	for _, query := range []string{
		`mutation { anonymousShopperTicket { accessToken refreshToken } }`,
		`mutation { createUserTicket(input: {username: "ada", password: "` + rightPassword +
			`"}) { accessToken refreshToken } }`,
		`mutation { refreshTicket(refreshToken: "` + anonymous.RefreshToken + `") { accessToken refreshToken } }`,
	} {
		for _, accept := range []string{jsonType, responseType, "*/*"} {
			got := g.answers(about(query, "").with("Accept", accept))
			mediaType := strings.Replace(accept, "*/*", jsonType, 1) + "; charset=utf-8"
			for name, want := range map[string]string{
				"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff", "Content-Type": mediaType,
			} {
				if !slices.Equal(got.Header[name], []string{want}) {
					g.t.Errorf("%s: %s is %q", query, name, got.Header[name])
				}
			}

			if got.Header["Etag"] != nil || got.Header["Last-Modified"] != nil || got.Header["Set-Cookie"] != nil {
				g.t.Errorf("%s: %v", query, got.Header)
			}
		}
	}
}

func (g *guarded) otherPaths() {
	for _, path := range []string{
		"/debug/pprof/", "/debug/pprof/heap", "/debug/vars", "/metrics", "/.git/config", "/.git/", "/.env",
		"/graphql/", "/graphql/" + marker, "/graphql.json", "/admin", "/data/keys.json", "/go.mod",
		"/server-status", "/playground/../go.mod", "/%2e%2e/go.mod", "/" + marker,
	} {
		request, err := http.NewRequestWithContext(g.t.Context(), http.MethodGet, g.web.URL+path, http.NoBody)
		must(g.t, err)
		if got := g.send(request); got.Status != http.StatusNotFound || strings.Contains(got.Text, marker) {
			g.t.Errorf("%s: %d %s", path, got.Status, got.Text)
		}
	}

	if strings.Contains(g.log.String(), marker) {
		g.t.Error("the log repeats a path")
	}
}

func (g *guarded) deadline() {
	timedOut := func(office *guarded, a attempt) {
		g.t.Helper()
		for _, accept := range []string{jsonType, responseType} {
			got := office.try(a.with("Accept", accept))
			if len(got.Errors) != 1 || got.Text == "null" {
				g.t.Errorf("%s is answered with %d %s", a.body, got.Status, got.Text)
				continue
			}
			extensions := got.Errors[0].Extensions
			if extensions.Code != "TRY_AGAIN" || extensions.Reason != "TIMED_OUT" || extensions.NextStep != "WAIT" ||
				extensions.RetryAfterSeconds < 1 {
				g.t.Errorf("%s is answered with %d %s", a.body, got.Status, got.Text)
			}
		}
	}

	signIn := about(signInQuery, `{"input":{"username":"ada","password":"`+marker+`"}}`)
	short := g.but(func(s *web.Settings) { s.Deadline = time.Nanosecond })
	for _, a := range []attempt{
		{body: good},
		about(`mutation { anonymousShopperTicket { userId } }`, ""), signIn,
		{method: http.MethodGet, url: "?query={__typename}", headers: []string{preflight, "x"}},
	} {
		timedOut(short, a)
	}

	short.refuses(about("{", ""), refusal{code: parseFailed})

	slow := g.but(func(s *web.Settings) { s.Deadline, s.Schema = 20*time.Millisecond, untilTheDeadline{s.Schema} })
	timedOut(slow, signIn)
	timedOut(
		slow,
		about(
			`mutation { refreshTicket(refreshToken: "`+g.refresh(
				g.anonymous().RefreshToken,
			).RefreshToken+`") { userId } }`,
			"",
		),
	)
}

// untilTheDeadline is a schema that has no time left when it reaches its resolvers.
type untilTheDeadline struct{ graphql.ExecutableSchema }

func (s untilTheDeadline) Exec(ctx context.Context) graphql.ResponseHandler {
	respond := s.ExecutableSchema.Exec(ctx)
	return func(ctx context.Context) *graphql.Response {
		<-ctx.Done()
		return respond(ctx)
	}
}

func (g *guarded) panics() {
	broken := g.but(func(s *web.Settings) { s.Schema = graph.NewSchema(&graph.Resolver{}, false) }) // without an office
	signIn := about(signInQuery, `{"input":{"username":"ada","password":"`+marker+`"}}`)
	for i, accept := range []string{jsonType, responseType} {
		got := broken.try(signIn.with("Accept", accept))
		if got.Status != http.StatusOK || len(got.Errors) != 1 ||
			got.Errors[0].Extensions.Code != "INTERNAL_SERVER_ERROR" ||
			len(got.Errors[0].Extensions.ErrorID) < 8 {
			g.t.Fatalf("%d %s", got.Status, got.Text)
		}
		if logged := g.log.String(); !strings.Contains(logged, got.Errors[0].Extensions.ErrorID) ||
			g.log.count("panic") != i+1 ||
			!strings.Contains(logged, "resolvers.go") ||
			strings.Contains(got.Text, "nil") {
			g.t.Errorf("%s\n%s", got.Text, logged)
		}
	}

	broken.answers(attempt{body: good})
}
