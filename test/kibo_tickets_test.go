package test_test

import (
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/authtickets/authtickets/access"
	"github.com/authtickets/authtickets/accounts"
	"github.com/authtickets/authtickets/models"
)

// The number of the account may be left out, or be the customer's own.
func TestKiboAccountIDs(t *testing.T) {
	t.Parallel()

	onEachKibo(t, func(t *testing.T, k *kiboShop) {
		ada, bob := k.customer("ada"), k.customer("bob")
		for _, c := range []struct {
			accountID any
			status    int
			signIn    string
			refresh   string
		}{
			{nil, http.StatusOK, "", ""},
			{0, http.StatusOK, "", ""},
			{"", http.StatusOK, "", ""},
			{*ada.ID, http.StatusOK, "", ""},
			{strconv.FormatInt(*ada.ID, 10), http.StatusOK, "", ""},
			{*bob.ID, http.StatusBadRequest, "INVALID_CREDENTIALS", "TOKEN_INVALID"},
			{-1, http.StatusBadRequest, "INVALID_CREDENTIALS", "TOKEN_INVALID"},
			{1.5, http.StatusBadRequest, "REQUEST_INVALID", "REQUEST_INVALID"},
			{true, http.StatusBadRequest, "REQUEST_INVALID", "REQUEST_INVALID"},
			{[]int{1}, http.StatusBadRequest, "REQUEST_INVALID", "REQUEST_INVALID"},
			{map[string]any{}, http.StatusBadRequest, "REQUEST_INVALID", "REQUEST_INVALID"},
			{"x", http.StatusBadRequest, "REQUEST_INVALID", "REQUEST_INVALID"},
			{1e30, http.StatusBadRequest, "REQUEST_INVALID", "REQUEST_INVALID"},
		} {
			name := jsonOf(t, c.accountID)
			more := map[string]any{"accountId": c.accountID, "fingerprint": "x", "region": nil}
			got := k.trySigningIn("ada", rightPassword, "198.51.100.1", more)
			k.wants(name+" at sign-in", got, c.status, c.signIn)

			status := c.status
			if c.refresh == "TOKEN_INVALID" {
				status = http.StatusUnauthorized
			}
			token := k.signedIn("ada").RefreshToken
			body := jsonOf(t, map[string]any{"refreshToken": token, "accountId": c.accountID})
			k.wants(name+" in a body", k.call(http.MethodPut, refreshPath, body, k.app...), status, c.refresh)
			if c.status != http.StatusOK { // the refused refresh has had no effect
				k.ticket(k.tryRefreshing(token))
			}

			inURL := k.signedIn("ada").RefreshToken + "&accountId=" + strings.Trim(name, `"`)
			if !strings.ContainsAny(name, `[{`) {
				k.wants(name+" in a URL", k.tryRefreshing(inURL), status, c.refresh)
			}
		}

		apart := refreshPath + "?accountId=" + strconv.FormatInt(*bob.ID, 10)
		got := k.call(http.MethodPut, apart, withToken(k.signedIn("ada").RefreshToken), k.app...)
		k.wants("another's in the URL, with a token in the body", got, http.StatusUnauthorized, "TOKEN_INVALID")

		k.ticket(k.tryRefreshing(k.guest().RefreshToken + "&accountId=0"))
		guest := k.guest().RefreshToken + "&accountId=" + strconv.FormatInt(*ada.ID, 10)
		k.wants("an anonymous shopper's", k.tryRefreshing(guest), http.StatusUnauthorized, "TOKEN_INVALID")
		wrong := k.trySigningIn("ada", "wrong", "198.51.100.2", map[string]any{"accountId": *bob.ID})
		k.wants("wrong password", wrong, http.StatusBadRequest, "INVALID_CREDENTIALS")
	})
}

// The refresh token is in the URL or in the body. The one in the URL counts.
func TestKiboRefreshTokens(t *testing.T) {
	t.Parallel()

	onEachKibo(t, func(t *testing.T, k *kiboShop) {
		k.customer("ada")
		fresh := func() string { return k.signedIn("ada").RefreshToken }
		body := func(token string) string { return withToken(token) }
		put := func(query, body string, headers ...string) rest {
			return k.call(http.MethodPut, refreshPath+query, body, append(headers, k.app...)...)
		}

		// graphql-client sends a content type without a body.
		k.ticket(put("/?refreshToken="+fresh(), "", "Content-Type", "application/json"))
		k.ticket(put("?refreshToken="+fresh()+"&accountId=&responseFields=", ""))
		k.ticket(put("", body(fresh())))
		same := fresh()
		k.ticket(put("?refreshToken="+same+"&responseFields=", body(same)))
		k.ticket(put("?refreshToken="+fresh(), body("undefined")))
		k.ticket(put("?refreshToken=", body(fresh())))

		invalid := func(name string, got rest) {
			t.Helper()
			k.wants(name, got, http.StatusUnauthorized, "TOKEN_INVALID")
		}
		invalid("the body's, with another in the URL", put("?refreshToken=undefined", body(fresh())))
		invalid("none", put("", ""))
		invalid("empty", put("?refreshToken=", ""))
		invalid("null", put("", `{"refreshToken":null}`))
		invalid("no property", put("", `{}`))
		invalid("an access token", put("?refreshToken="+k.signedIn("ada").AccessToken, ""))
		invalid("a JWT", put("?refreshToken="+k.signedIn("ada").JWTAccessToken, ""))
		invalid("an application's", put("?refreshToken="+k.oauth().RefreshToken, ""))
		invalid("an application's access token", put("?refreshToken="+k.oauth().AccessToken, ""))
		invalid("long", put("?refreshToken="+strings.Repeat("a", 8<<10), ""))
		invalid("NUL", put("?refreshToken=%00", ""))
		invalid("with a blank", put("?refreshToken="+fresh()+"%20", ""))
		invalid("an object", put("?refreshToken=[object%20Object]", ""))

		twice := fresh()
		k.wants("twice", put("?refreshToken="+twice+"&refreshToken="+twice, ""), http.StatusBadRequest, "")
		inBody := put("", `{"refreshToken":"`+twice+`","refreshToken":"x"}`)
		k.wants("twice in the body", inBody, http.StatusBadRequest, "")
		k.ticket(put("?refreshToken="+twice, ""))
	})
}

// Within the window, a refresh token gives the same ticket again, from REST and from GraphQL. Later
// it ends the session.
func TestKiboReuse(t *testing.T) {
	t.Parallel()

	onEachKibo(t, func(t *testing.T, k *kiboShop) {
		k.customer("ada")
		used := k.signedIn("ada")
		next := k.ticket(k.tryRefreshing(used.RefreshToken))
		again := k.ticket(k.tryRefreshing(used.RefreshToken))
		graphQL := k.post(refreshQuery, variables{"token": used.RefreshToken}, k.app...).ticket(t, "refreshTicket")
		if again.RefreshToken != next.RefreshToken || again.AccessToken != next.AccessToken ||
			graphQL.RefreshToken != next.RefreshToken || graphQL.AccessToken != next.AccessToken {
			t.Error("the tickets differ")
		}

		k.clock.Pass(time.Minute)
		k.wants("reused", k.tryRefreshing(used.RefreshToken), http.StatusUnauthorized, "TOKEN_REUSED")
		k.wants("the owner", k.tryRefreshing(next.RefreshToken), http.StatusUnauthorized, "TOKEN_REUSED")
		k.follow()
		got := k.currentShopper("userId", append(k.app, "x-vol-user-claims", next.AccessToken)...)
		expect(t, got, models.ReasonTokenReused)
	})
}

// Every refusal has a status that tells clients what to do, and the reason as GraphQL has it.
func TestKiboRefusals(t *testing.T) {
	t.Parallel()

	onEachKibo(t, func(t *testing.T, k *kiboShop) {
		for _, name := range []string{"ada", "locked", "inactive", "deleted"} {
			k.customer(name)
		}
		session := map[string]string{}
		for _, name := range []string{"ada", "inactive", "deleted"} {
			session[name] = k.signedIn(name).RefreshToken
		}
		key := func(name string) accounts.Key { return accounts.Key{UserName: &name} }
		k.operate(func(o *access.Caller) error { return errOf(k.Accounts.Lock(t.Context(), o, key("locked"), nil)) })
		k.operate(func(o *access.Caller) error {
			return errOf(k.Accounts.Deactivate(t.Context(), o, key("inactive"), nil))
		})
		k.operate(func(o *access.Caller) error { return errOf(k.Accounts.Delete(t.Context(), o, key("deleted"))) })

		signIn := func(name, plain string) rest { return k.trySigningIn(name, plain, "198.51.100.1", nil) }
		for name, c := range map[string]struct {
			got               rest
			status            int
			errorCode, reason string
		}{
			"wrong password": {signIn("ada", "wrong"), 400, "INVALID_CREDENTIALS", "INVALID_CREDENTIALS"},
			"unknown name":   {signIn("nobody", "wrong"), 400, "INVALID_CREDENTIALS", "INVALID_CREDENTIALS"},
			"no name":        {signIn("", "wrong"), 400, "MISSING_OR_INVALID_PARAMETER", "USERNAME_INVALID"},
			"no password":    {signIn("ada", ""), 400, "MISSING_OR_INVALID_PARAMETER", "PASSWORD_INVALID"},
			"long password": {
				signIn("ada", strings.Repeat("x", 1025)), 400, "MISSING_OR_INVALID_PARAMETER", "PASSWORD_INVALID",
			},
			"locked":            {signIn("locked", rightPassword), 403, "ACCOUNT_LOCKED", "ACCOUNT_LOCKED"},
			"inactive":          {signIn("inactive", rightPassword), 403, "ACCOUNT_INACTIVE", "ACCOUNT_INACTIVE"},
			"deleted":           {signIn("deleted", rightPassword), 400, "INVALID_CREDENTIALS", "INVALID_CREDENTIALS"},
			"refresh, inactive": {k.tryRefreshing(session["inactive"]), 403, "ACCOUNT_INACTIVE", "ACCOUNT_INACTIVE"},
			"refresh, deleted":  {k.tryRefreshing(session["deleted"]), 401, "UNAUTHORIZED", "ACCOUNT_DELETED"},
		} {
			k.wants(name, c.got, c.status, c.reason)
			if c.got.ErrorCode != c.errorCode {
				t.Errorf("%s: %s", name, c.got.Text)
			}
		}

		k.clock.Pass(14 * 24 * time.Hour)
		k.app = bearer(k.oauth().AccessToken)
		expired := k.tryRefreshing(session["ada"])
		k.wants("expired", expired, http.StatusUnauthorized, "TOKEN_EXPIRED")
		if expired.data("nextStep") != "SIGN_IN" {
			t.Error(expired.Text)
		}
	})
}
