package test_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/authtickets/authtickets/gqlhttp"
	"github.com/authtickets/authtickets/kibo/kibographql"
	"github.com/authtickets/authtickets/models"
	"github.com/authtickets/authtickets/web"
)

// The requests that must do no harm do none with --kibo either.
func TestHardeningUnderKibosNames(t *testing.T) {
	t.Parallel()

	for name, test := range harmful() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(guard(t, func(s *web.Settings) { s.Facade = kibographql.NewFacade(s.Office) }))
		})
	}
}

// Every limit applies to the documents under Kibo's names.
func TestKiboLimits(t *testing.T) {
	t.Parallel()

	k := open(t, sqlite(t)).underKibosNames()
	const login = `: createCustomerAuthTicket(customerUserAuthInfoInput: {username: "a", password: "b"}) { userId } `
	for limit, query := range map[string]string{
		"credential-field-limit": `mutation { a` + login + `b` + login + `}`,
		"root-field-limit":       `{ ` + each(11, "a#: getCurrentAccount { id } ") + `}`,
		"alias-limit":            `{ getCurrentAccount { ` + each(31, "a#: id ") + `} }`,
		"same-field-limit":       `{ getCurrentAccount { ` + strings.Repeat("id ", 51) + `} }`,
		"directive-limit":        `{ getCurrentAccount { id ` + strings.Repeat("@include(if: true) ", 51) + `} }`,
		"depth-limit": `{ getCurrentAccount ` + strings.Repeat("{ ... ", 25) + `{ id } ` +
			strings.Repeat("}", 26),
		"complexity-limit": `{ getCurrentAccount { ` + each(25, "a#: attributes { values } ") + `} }`,
		"token-limit":      `{ getCurrentAccount { ` + strings.Repeat("id ", 1000) + `} }`,
		"document-limit":   `{ getCurrentAccount { id } } #` + strings.Repeat("x", 16<<10),
		"introspection-limit": `{ getCurrentAccount { id } __schema { ` + each(21, "a#: types { name } ") +
			`} }`,
	} {
		got := k.post(query, nil)
		if got.Reason() != models.ReasonLimitExceeded || got.Errors[0].Extensions.Limit != limit {
			t.Errorf("%s: %.300s", limit, got.Text)
		}
		if response := got.response(t); response.Status != http.StatusBadRequest || len(got.Text) > 4<<10 {
			t.Errorf("%s: %.300s", limit, got.Text)
		}
	}

	large := k.post(kiboAccount, variables{"x": strings.Repeat("x", 64<<10)})
	if large.Status != http.StatusRequestEntityTooLarge || large.response(t).Status != http.StatusBadRequest {
		t.Errorf("%d %s", large.Status, large.Text)
	}
	faults := k.post(`{ getCurrentAccount { `+each(20, "isActiv# ")+`} }`, nil)
	if len(faults.Errors) != 3 || len(faults.Text) > 4<<10 {
		t.Errorf("%d bytes: %s", len(faults.Text), faults.Text)
	}
}

// Wrong passwords count under each name, together with those of the main schema.
func TestKiboNamesGuesses(t *testing.T) {
	t.Parallel()

	onEach(t, func(t *testing.T, o *office) {
		o.customer("ada")
		k := o.underKibosNames()
		from := append(k.headers(""), "X-Forwarded-For", "203.0.113.7")
		for range 3 {
			expect(t, k.post(kiboLogin, kiboCredentials("wrong"), from...), models.ReasonInvalidCredentials)
		}
		for range 2 {
			expect(t, o.trySignIn("ada", "wrong", "", "203.0.113.7"), models.ReasonInvalidCredentials)
		}

		refused := k.post(kiboLogin, kiboCredentials(rightPassword), from...)
		expect(t, refused, models.ReasonTooManyAttempts)
		response := refused.response(t)
		if response.Status != http.StatusTooManyRequests || response.data("nextStep") != "WAIT" ||
			response.data("retryAfterSeconds") != "900" {
			t.Error(refused.Text)
		}
		elsewhere := append(k.headers(""), "X-Forwarded-For", "203.0.113.8")
		expect(t, k.post(kiboLogin, kiboCredentials(rightPassword), elsewhere...), "")
	})
}

// Persisted and trusted documents, GET, origins and the deadline work as for the main schema.
func TestKiboTransport(t *testing.T) {
	t.Parallel()

	o := open(t, sqlite(t))
	o.customer("ada")
	k := o.underKibosNames()
	token := bearer(o.signIn("ada").AccessToken)
	g := (&guarded{office: k.office}).but(func(*web.Settings) {})

	expect(t, g.try(persisted("", hashOf(kiboAccount), 1)), models.ReasonRequestInvalid)
	g.try(persisted(kiboAccount, hashOf(kiboAccount), 1))
	expect(t, g.try(persisted("", hashOf(kiboAccount), 1).with(token...)), "")
	strict := g.trusting(true, kiboAccount, `{ currentShopper { userId } }`)
	expect(t, strict.post(kiboAccount, nil, token...), "")
	expect(t, strict.currentShopper("userId", token...), "")
	expect(t, strict.post(kiboAnonymous, nil), models.ReasonDocumentNotTrusted)

	settings := k.settings
	for _, text := range []string{
		`{ getCurrentAccount { nothing } }`, `{ currentShopper { userId } getCurrentAccount { id } }`,
	} {
		settings.TrustedDocuments = map[string]string{hashOf(text): text}
		if _, err := web.New(settings); err == nil || !strings.Contains(err.Error(), hashOf(text)) {
			t.Errorf("%s: %v", text, err)
		}
	}

	query := "?query=" + url.QueryEscape(kiboAccount)
	expect(t, g.try(attempt{method: http.MethodGet, url: query}.with(token...)), "")
	byToken := attempt{method: http.MethodGet, url: query}.with("x-vol-app-claims", k.token)
	expect(t, g.try(byToken), models.ReasonTokenMissing)
	mutation := "?query=" + url.QueryEscape(`mutation { refreshCustomerAuthTickets { userId } }`)
	byGET := g.try(attempt{method: http.MethodGet, url: mutation}.with(token...))
	if byGET.Status != http.StatusMethodNotAllowed {
		t.Errorf("%d %s", byGET.Status, byGET.Text)
	}

	foreign := k.post(kiboAccount, nil, append(token, "Origin", "https://foreign.example")...)
	expect(t, foreign, models.ReasonOriginNotAllowed)
	late := k.with(func(s *web.Settings) { s.Deadline = time.Nanosecond }).post(kiboAccount, nil, token...)
	expect(t, late, models.ReasonTimedOut)
	if late.response(t).Status != http.StatusServiceUnavailable {
		t.Error(late.Text)
	}

	faulty := k.with(func(s *web.Settings) { s.Faults = &gqlhttp.Faults{} })
	expect(t, faulty.post(kiboAccount, nil, append(token, "x-fault", "shift=20m")...), models.ReasonTokenExpired)
	expect(t, faulty.post(kiboAccount, nil, append(token, "x-fault", "busy")...), models.ReasonBusy)
}

// With a fault, a request is answered as it would be without it in that case.
func TestKiboFaultHeader(t *testing.T) {
	t.Parallel()

	o := open(t, sqlite(t))
	o.customer("ada")
	k := o.underKibosNames(func(s *web.Settings) { s.Faults = &gqlhttp.Faults{} })
	held := k.post(kiboLogin, kiboCredentials(rightPassword), k.headers("")...).ticket(t, "account")
	for _, c := range []struct {
		fault, token string
		reason       models.Reason
		isRefused    bool
	}{
		{"shift=10m", held.AccessToken, "", false},
		{"shift=20m", held.AccessToken, "", true},
		{"busy", held.AccessToken, models.ReasonBusy, false},
		{"busy", strings.Repeat("A", 120), models.ReasonBusy, false},
		{"shift=2h", held.AccessToken, models.ReasonApplicationInvalid, false},
		{"end", held.AccessToken, "", true},
	} {
		got := k.post(kiboAccount, nil, append(k.headers(c.token), "x-fault", c.fault)...)
		isRefused := got.Status == http.StatusUnauthorized && got.Text == `{"message":"invalid_token"}`
		if isRefused != c.isRefused || got.Reason() != c.reason {
			t.Errorf("%s: %d %s", c.fault, got.Status, got.Text)
		}
	}
}
