package test_test

import (
	"crypto/rand"
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/authtickets/authtickets/access"
	"github.com/authtickets/authtickets/applications"
	"github.com/authtickets/authtickets/inbound"
	"github.com/authtickets/authtickets/kibo"
	"github.com/authtickets/authtickets/web"
)

// These are the paths of Kibo's resources, and the client id of the application that calls them.
const (
	shopperPath     = "/api/commerce/customer/authtickets"
	anonymousPath   = shopperPath + "/anonymousshopper"
	refreshPath     = shopperPath + "/refresh"
	applicationPath = "/api/platform/applications/authtickets"
	oauthPath       = applicationPath + "/oauth"
	renewPath       = applicationPath + "/refresh-ticket"
	tenantPath      = "/api/platform/tenants/12345"
	kiboClientID    = "SHOP.APP.1.0.0.Release"
)

// kiboShop is an office that answers clients of Kibo's APIs, with a confidential application for
// them.
type kiboShop struct {
	*office

	// secret is the application's, and app are the headers with its access token.
	secret string
	app    []string
}

// onEachKibo runs a test on every kind of database.
func onEachKibo(t *testing.T, test func(t *testing.T, k *kiboShop)) {
	t.Helper()
	onEach(t, func(t *testing.T, o *office) { test(t, o.kibo()) })
}

// kibo serves the same office to clients of Kibo's APIs, too. The id of site 7 means the public
// storefront.
func (o *office) kibo(changes ...func(*kibo.Settings)) *kiboShop {
	o.t.Helper()
	o.UserClaims = true
	issuer := o.applicationTickets()
	serve := func(callers *inbound.Callers) http.Handler {
		settings := kibo.Settings{
			Office:       o.Office,
			Applications: issuer,
			Callers:      callers,
			Tenant:       kibo.Tenant{ID: 12345, Domain: "tickets.example", Sites: []int{9, 7}},
			BodyLimit:    64 << 10,
			Log:          callers.Log,
		}
		for _, change := range changes {
			change(&settings)
		}
		return kibo.New(settings)
	}

	k := &kiboShop{office: o.with(func(s *web.Settings) {
		s.Kibo, s.Sites = serve, map[string]string{"7": applications.Storefront}
	})}
	if o.Applications.Find(kiboClientID) == nil {
		k.secret = o.application("shop-app", true, applications.Change{
			ClientID:           new(kiboClientID),
			Behaviors:          []string{"cart.write"},
			AnonymousBehaviors: []string{"catalog.read"},
			BehaviorNumbers:    map[string]int{"cart.write": 1014, "catalog.read": 5},
		})
		k.app = bearer(k.oauth().AccessToken)
	}
	return k
}

// applicationTickets returns what issues tickets to the office's applications.
func (o *office) applicationTickets() *applications.Tickets {
	o.Applications.Keys = o.Keys
	return &applications.Tickets{
		Directory: o.Applications,
		Store:     o.Store,
		Keys:      o.Keys,
		Lifetime:  time.Hour,
		Now:       o.clock.Now,
		Random:    rand.Reader,
		Desk:      o.Desk,
	}
}

// rest is the server's answer to a client of Kibo's APIs.
type rest struct {
	Status int
	Header http.Header
	Text   string

	restTicket
	restError
}

type restTicket struct {
	AccessToken, AccessTokenExpiration   string
	RefreshToken, RefreshTokenExpiration string
	UserID, JWTAccessToken               string
	CustomerAccount                      map[string]any
}

type restError struct {
	ApplicationName, ErrorCode, Message, CorrelationID string
	Items                                              []restError
	AdditionalErrorData                                []struct{ Name, Value string }
}

// data returns a value of the additional data of an error.
func (e restError) data(name string) string {
	for _, pair := range e.AdditionalErrorData {
		if pair.Name == name {
			return pair.Value
		}
	}
	return ""
}

// call sends a request with a JSON body, or without a body if it is empty. Headers come in pairs.
func (k *kiboShop) call(method, path, body string, headers ...string) rest {
	k.t.Helper()
	var content io.Reader
	if body != "" {
		content = strings.NewReader(body)
	}
	request, err := http.NewRequestWithContext(k.t.Context(), method, k.web.URL+path, content)
	must(k.t, err)
	if body != "" {
		request.Header.Set("Content-Type", "application/json")
	}
	for i := 0; i < len(headers); i += 2 {
		request.Header.Add(headers[i], headers[i+1])
	}
	return k.sent(request)
}

// sent sends a request and checks what holds for every answer.
func (k *kiboShop) sent(request *http.Request) rest {
	k.t.Helper()
	response, err := k.web.Client().Do(request)
	must(k.t, err)
	defer response.Body.Close() //nolint:errcheck // read to its end
	text, err := io.ReadAll(response.Body)
	must(k.t, err)

	got := rest{Status: response.StatusCode, Header: response.Header, Text: string(text)}
	k.check(request, &got)
	return got
}

// check reads an answer, and checks what holds for every one.
func (k *kiboShop) check(request *http.Request, got *rest) {
	k.t.Helper()
	at := request.Method + " " + request.URL.Path
	if got.Text != "" && request.Method != http.MethodHead {
		if err := json.Unmarshal([]byte(got.Text), got); err != nil {
			k.t.Fatalf("%s: %v: %q", at, err, got.Text)
		}
	}

	want := map[string]string{
		"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff",
		"X-Vol-Correlation": got.Header.Get("X-Request-Id"),
	}
	if got.Text != "" {
		want["Content-Type"] = "application/json; charset=utf-8"
	}
	if got.Status == http.StatusUnauthorized {
		want["Www-Authenticate"] = `Bearer realm="authtickets"`
	}
	for name, value := range want {
		if !slices.Equal(got.Header[name], []string{value}) || value == "" {
			k.t.Errorf("%s: the header %s is %q", at, name, got.Header[name])
		}
	}
	if strings.Contains(got.Text, marker) || strings.Contains(k.log.String(), marker) {
		k.t.Errorf("%s: the answer or the log repeats the request: %s", at, got.Text)
	}

	isRefused := got.Status >= http.StatusBadRequest && request.Method != http.MethodHead
	switch failed := got.restError; {
	case isRefused != (failed.ErrorCode != ""):
		k.t.Errorf("%s: status %d with %s", at, got.Status, got.Text)
	case !isRefused:
	case failed.ApplicationName != "authtickets" || failed.Message == "" || len(failed.Items) != 1 ||
		failed.CorrelationID != got.Header.Get("X-Request-Id") || failed.AdditionalErrorData == nil:
		k.t.Errorf("%s: %s", at, got.Text)
	default:
		item := failed.Items[0]
		if item.ErrorCode != failed.ErrorCode || item.Message != failed.Message ||
			item.ApplicationName != failed.ApplicationName || item.AdditionalErrorData == nil {
			k.t.Errorf("%s: %s", at, got.Text)
		}
	}
}

// wants fails unless a request got a status and a reason. Without a reason it must have succeeded,
// or been refused before anything decided about it.
func (k *kiboShop) wants(step string, got rest, status int, reason string) {
	k.t.Helper()
	if got.Status != status || got.data("reason") != reason {
		k.t.Errorf("%s: want %d %s, got %d %s", step, status, reason, got.Status, got.Text)
	}
}

// ticket returns the ticket of an answer that must have all fields.
func (k *kiboShop) ticket(got rest) restTicket {
	k.t.Helper()
	ticket := got.restTicket
	if got.Status != http.StatusOK || ticket.AccessToken == "" || ticket.RefreshToken == "" ||
		ticket.AccessTokenExpiration == "" || ticket.RefreshTokenExpiration == "" || ticket.UserID == "" ||
		strings.Count(ticket.JWTAccessToken, ".") != 2 || ticket.CustomerAccount == nil {
		k.t.Fatalf("%d %s", got.Status, got.Text)
	}
	for _, at := range []string{ticket.AccessTokenExpiration, ticket.RefreshTokenExpiration} {
		if _, err := time.Parse("2006-01-02T15:04:05.000Z", at); err != nil {
			k.t.Error(err)
		}
	}
	return ticket
}

// oauth returns a new ticket of the application, which is at 192.0.2.1.
func (k *kiboShop) oauth() restTicket { return k.oauthFrom("192.0.2.1") }

// oauthFrom returns a new ticket of an application that is at an address.
func (k *kiboShop) oauthFrom(address string) restTicket {
	k.t.Helper()
	got := k.call(http.MethodPost, oauthPath, jsonOf(k.t, map[string]any{
		"client_id": kiboClientID, "client_secret": k.secret, "grant_type": "client_credentials",
	}), "X-Forwarded-For", address)
	var ticket struct {
		AccessToken  string `json:"access_token"`
		RefreshToken string `json:"refresh_token"`
	}
	must(k.t, json.Unmarshal([]byte(got.Text), &ticket))
	if got.Status != http.StatusOK || ticket.AccessToken == "" {
		k.t.Fatalf("%d %s", got.Status, got.Text)
	}
	return restTicket{AccessToken: ticket.AccessToken, RefreshToken: ticket.RefreshToken}
}

func (k *kiboShop) guest() restTicket {
	k.t.Helper()
	return k.ticket(k.call(http.MethodGet, anonymousPath, "", k.app...))
}

// trySigningIn signs in from an address, with further properties of the body.
func (k *kiboShop) trySigningIn(name, plain, address string, more map[string]any, headers ...string) rest {
	k.t.Helper()
	body := map[string]any{"username": name, "password": plain}
	maps.Copy(body, more)
	headers = append(slices.Concat(k.app, headers), "X-Forwarded-For", address)
	return k.call(http.MethodPost, shopperPath, jsonOf(k.t, body), headers...)
}

func (k *kiboShop) signedIn(name string) restTicket {
	k.t.Helper()
	return k.ticket(k.trySigningIn(name, rightPassword, "198.51.100.1", nil))
}

func (k *kiboShop) tryRefreshing(token string) rest {
	k.t.Helper()
	return k.call(http.MethodPut, refreshPath+"/?refreshToken="+token, "", k.app...)
}

// operate calls an operator's change, and makes the office read it.
func (k *kiboShop) operate(change func(operator *access.Caller) error) {
	k.t.Helper()
	must(k.t, change(access.Operator()))
	k.follow()
}

// withToken returns a body with a refresh token.
func withToken(token string) string { return `{"refreshToken":"` + token + `"}` }

func jsonOf(t testing.TB, value any) string {
	t.Helper()
	text, err := json.Marshal(value)
	must(t, err)
	return string(text)
}
