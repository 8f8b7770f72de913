package test_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/authtickets/authtickets/access"
	"github.com/authtickets/authtickets/models"
	"github.com/authtickets/authtickets/web"
)

// kiboResponse is the extension response of the first error.
type kiboResponse struct {
	Status int
	Body   struct {
		ApplicationName, ErrorCode, Message, CorrelationID string
		Items                                              []struct{ ErrorCode, Message string }
		AdditionalErrorData                                []struct{ Name, Value string }
	}
}

// response returns what Kibo's storefront reads in a refusal.
func (a answer) response(t testing.TB) kiboResponse {
	t.Helper()
	var parsed struct {
		Errors []struct {
			Extensions struct{ Response kiboResponse }
		}
	}
	must(t, json.Unmarshal([]byte(a.Text), &parsed))
	if len(parsed.Errors) == 0 {
		t.Fatalf("not refused: %s", a.Text)
	}
	return parsed.Errors[0].Extensions.Response
}

// data returns a value of the additional data.
func (r kiboResponse) data(name string) string {
	for _, pair := range r.Body.AdditionalErrorData {
		if pair.Name == name {
			return pair.Value
		}
	}
	return ""
}

// Errors have the status and the body that Kibo's storefront reads, wherever they come from.
func TestKiboErrors(t *testing.T) {
	t.Parallel()

	onEach(t, func(t *testing.T, o *office) {
		o.customer("ada")
		k := o.underKibosNames()
		for name, test := range map[string]struct {
			got    answer
			reason models.Reason
			status int
			code   string
		}{
			"wrong password": {
				k.post(kiboLogin, kiboCredentials("wrong"), k.headers("")...),
				models.ReasonInvalidCredentials, http.StatusBadRequest, "INVALID_CREDENTIALS",
			},
			"no credentials": {
				k.post(`mutation { createCustomerAuthTicket { userId } }`, nil),
				models.ReasonUsernameInvalid, http.StatusBadRequest, "MISSING_OR_INVALID_PARAMETER",
			},
			"no refresh token": {
				k.post(kiboRefresh, nil, k.headers("")...),
				models.ReasonTokenInvalid, http.StatusUnauthorized, "UNAUTHORIZED",
			},
			"no shopper": {
				k.post(kiboAccount, nil, k.headers("undefined")...),
				models.ReasonTokenMissing, http.StatusUnauthorized, "UNAUTHORIZED",
			},
			"no document": {
				k.post("", nil), models.ReasonRequestInvalid, http.StatusBadRequest, "MISSING_OR_INVALID_PARAMETER",
			},
			"unknown field": {
				k.post(`{ getCurrentAccount { nothing } }`, nil),
				models.ReasonRequestInvalid, http.StatusBadRequest, "MISSING_OR_INVALID_PARAMETER",
			},
			"main schema": {
				k.currentShopper("userId"), models.ReasonTokenMissing, http.StatusUnauthorized, "UNAUTHORIZED",
			},
		} {
			response := test.got.response(t)
			body, message := response.Body, test.got.Errors[0].Message
			if test.got.Reason() != test.reason || response.Status != test.status || body.ErrorCode != test.code ||
				response.data("reason") != string(test.reason) || body.Message != message ||
				len(body.Items) != 1 || body.Items[0].Message != message {
				t.Errorf("%s: %s", name, test.got.Text)
			}
			id := test.got.Header.Get("X-Request-Id")
			if body.CorrelationID != id || test.got.Header.Get("X-Vol-Correlation") != id || id == "" {
				t.Errorf("%s: %v", name, test.got.Header)
			}
		}
	})
}

// The number of the account that a client expects is checked, and 0 expects none.
func TestKiboRefreshOfAnAccount(t *testing.T) {
	t.Parallel()

	o := open(t, sqlite(t))
	o.customer("ada")
	k := o.underKibosNames()
	held := k.post(kiboLogin, kiboCredentials(rightPassword), k.headers("")...).ticket(t, "account")
	values := variables{"accountId": held.accountID() + 1, "refreshToken": held.RefreshToken}
	expect(t, k.post(kiboRefresh, values, k.headers("")...), models.ReasonTokenInvalid)
	values["accountId"] = 0
	expect(t, k.post(kiboRefresh, values, k.headers("")...), "")
}

// With an application's token, a shopper's token that is not valid is refused before the document
// is looked at. A text that cannot be a token is ignored.
func TestKiboInvalidToken(t *testing.T) {
	t.Parallel()

	onEach(t, func(t *testing.T, o *office) {
		o.customer("ada")
		k := o.underKibosNames()
		login := func() ticket {
			return k.post(kiboLogin, kiboCredentials(rightPassword), k.headers("")...).ticket(t, "account")
		}
		valid, ended, foreign := login(), login(), o.signIn("ada")
		caller := &access.Caller{ApplicationToken: secretText(k.token), AccessToken: secretText(ended.AccessToken)}
		must(t, k.EndFor(t.Context(), caller, secretText(""), models.ReasonSignedOut))
		o.follow()

		refused := map[string]string{
			"ended":                  ended.AccessToken,
			"of another application": foreign.AccessToken,
			"refresh token":          valid.RefreshToken,
			"changed":                valid.AccessToken + "0",
			"invented":               strings.Repeat("A", 120),
			"of the application":     k.token,
		}
		for name, token := range refused {
			main := `{ currentShopper { userId } }`
			for _, query := range []string{kiboAccount, kiboLogin, kiboAnonymous, main, `{`} {
				got := k.post(query, kiboCredentials(rightPassword), k.headers(token)...)
				if got.Status != http.StatusUnauthorized || got.Text != `{"message":"invalid_token"}` ||
					got.Header.Get("Content-Type") != "application/json; charset=utf-8" ||
					got.Header.Get("WWW-Authenticate") != `Bearer error="invalid_token"` {
					t.Errorf("%s: %d %s", name, got.Status, got.Text)
				}
			}
			// Without an application's token it is an error like any other.
			if got := k.post(kiboAccount, nil, "x-vol-user-claims", token); got.Status != http.StatusOK {
				t.Errorf("%s: %d %s", name, got.Status, got.Text)
			}
		}

		expect(t, k.post(kiboAccount, nil, k.headers(valid.AccessToken)...), "")
		for _, text := range []string{"", "undefined", "null", "[object Object]", strings.Repeat("é", 100)} {
			expect(t, k.post(kiboAnonymous, nil, k.headers(text)...), "")
		}

		k.clock.Pass(16 * time.Minute)
		if got := k.post(kiboAccount, nil, k.headers(valid.AccessToken)...); got.Status != http.StatusUnauthorized {
			t.Errorf("expired: %d %s", got.Status, got.Text)
		}
		// If the application's own token is refused, another shopper's token does not help.
		k.clock.Pass(time.Hour)
		expect(t, k.post(kiboAccount, nil, k.headers(valid.AccessToken)...), models.ReasonApplicationInvalid)
	})
}

// A document has the fields of one schema.
func TestKiboDocumentsAreNotMixed(t *testing.T) {
	t.Parallel()

	k := open(t, sqlite(t)).underKibosNames()
	for _, query := range []string{
		`{ getCurrentAccount { id } currentShopper { userId } }`,
		`query A { getCurrentAccount { id } } query B { currentShopper { userId } }`,
		`query A { getCurrentAccount { id } } mutation B { anonymousShopperTicket { userId } }`,
		`{ ...A } fragment A on Query { ...B } fragment B on Query { ...A ... {
			getCurrentAccount { id } currentShopper { userId } } }`,
		`{ ...A ...B } fragment A on Query { getCurrentAccount { id } }
			fragment B on Query { account(by: {id: 1}) { id } }`,
	} {
		got := k.post(query, variables{})
		isRefused := got.Code() == validationFailed && strings.Contains(got.Text, "root fields of two schemas")
		if !isRefused || got.Data != nil {
			t.Errorf("%s: %s", query, got.Text)
		}
	}

	const missing, invalid = models.ReasonTokenMissing, models.ReasonRequestInvalid
	for query, reason := range map[string]models.Reason{
		`{ getCurrentAccount: currentShopper { userId } }`:                            missing,
		`{ currentShopper: getCurrentAccount { id } }`:                                missing,
		`{ __typename getCurrentAccount { id } }`:                                     missing,
		`{ ... { getCurrentAccount { ...A } } } fragment A on CustomerAccount { id }`: missing,
		`{ ...A } fragment A on Query { ...A getCurrentAccount { id } }`:              invalid,
	} {
		if got := k.post(query, nil); got.Reason() != reason {
			t.Errorf("%s: %s", query, got.Text)
		}
	}
}

var requestIDs = regexp.MustCompile(`"correlationId":"[^"]*"`)

// Without --kibo the names do not exist, and nothing shows that they could. With it, an answer of
// the main schema without an error is the same.
func TestKiboIsOff(t *testing.T) {
	t.Parallel()

	o := open(t, sqlite(t))
	k := o.underKibosNames(func(s *web.Settings) { s.Playground = true })
	unknown := o.post(`{ getCurrentAccount { id } }`, nil)
	if unknown.Code() != validationFailed || strings.Contains(unknown.Text, `"response"`) ||
		unknown.Header["X-Vol-Correlation"] != nil {
		t.Error(unknown.Text, unknown.Header)
	}
	badToken := o.post(`{ getCurrentAccount { id } }`, nil, k.headers(strings.Repeat("A", 120))...)
	if badToken.Text != unknown.Text {
		t.Error(badToken.Text)
	}

	for path, statuses := range map[string][2]int{
		"/schema.graphqls": {http.StatusOK, http.StatusOK},
		"/kibo.graphqls":   {http.StatusNotFound, http.StatusOK},
	} {
		off, on := o.page(path), k.page(path)
		if off.Code != statuses[0] || on.Code != statuses[1] {
			t.Errorf("%s: %d, %d", path, off.Code, on.Code)
		}
		if strings.Contains(off.Body.String(), "getCurrentAccount") {
			t.Errorf("%s: %s", path, off.Body)
		}
	}

	const whole = `{ __schema { queryType { fields { name description } } mutationType { fields { name } }
		types { name fields { name } } directives { name } } }`
	if off, on := o.post(whole, nil), k.post(whole, nil); off.Text != on.Text || len(off.Errors) > 0 {
		t.Errorf("%.300s\n%.300s", off.Text, on.Text)
	}
	misspelt := `{ currentShoper { userId } getCurrentAccont { id } }`
	off, on := o.post(misspelt, nil), k.post(misspelt, nil)
	if len(off.Errors) != 2 || len(on.Errors) != 2 || off.Errors[0].Message != on.Errors[0].Message {
		t.Errorf("%s\n%s", off.Text, on.Text)
	}
	if !requestIDs.MatchString(on.Text) {
		t.Error(on.Text)
	}
}

// page asks for a path.
func (o *office) page(path string) *httptest.ResponseRecorder {
	o.t.Helper()
	recorder := httptest.NewRecorder()
	request := httptest.NewRequestWithContext(o.t.Context(), http.MethodGet, path, http.NoBody)
	o.handler.ServeHTTP(recorder, request)
	return recorder
}
