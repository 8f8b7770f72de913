package test_test

import (
	"errors"
	"net/http"
	"testing"
)

// An operation costs no more statements than in GraphQL, and no account is read for tokens.
func TestKiboStatementBudgets(t *testing.T) {
	t.Parallel()

	onEachCounted(t, testKiboBudgets)
}

func testKiboBudgets(t *testing.T, o *office, statements func() int) {
	t.Helper()
	k := o.kibo()
	k.customer("ada")
	b := &budgets{office: k.office, statements: statements}
	must(t, errors.Join(b.Applications.Reload(t.Context()), b.Applications.ReloadEnded(t.Context())))

	anonymous := func(query string) func() {
		return func() {
			got := k.call(http.MethodGet, anonymousPath+query, "", k.app...)
			k.wants(query, got, http.StatusOK, "")
		}
	}
	b.costs("anonymous", 0, anonymous(""))
	b.costs("anonymous, with the token only", 0, anonymous("?responseFields=accessToken"))
	b.costs("anonymous, with nothing", 0, anonymous("?responseFields=unknown"))

	signIn := func(query string, headers ...string) func() {
		body := jsonOf(t, map[string]any{"username": "ada", "password": rightPassword})
		return func() {
			got := k.call(http.MethodPost, shopperPath+query, body, append(headers, k.app...)...)
			k.wants(query, got, http.StatusOK, "")
		}
	}
	before := statements()
	b.costs("sign-in, with the token only", 2, signIn("?responseFields=accessToken"))
	if statements() != before+2 {
		t.Fatal("the statements are not counted")
	}
	b.costs("sign-in, without the account", 2, signIn("?responseFields=-customerAccount"))
	b.costs("sign-in, with a name", 2, signIn("?responseFields=customerAccount(userName,isLocked)"))
	b.costs("sign-in, without attributes", 2, signIn("?responseFields=customerAccount(-attributes)"))
	b.costs("sign-in, with everything", 3, signIn(""))
	guest := k.guest()
	b.costs("sign-in with a claim", 4, signIn("?responseFields=accessToken", "x-vol-user-claims", guest.AccessToken))
	b.costs("sign-in with text that is no token", 2,
		signIn("?responseFields=accessToken", "x-vol-user-claims", "undefined"))

	refresh := func(token, query string) func() {
		return func() {
			got := k.call(http.MethodPut, refreshPath+"?refreshToken="+token+query, "", k.app...)
			k.wants(query, got, http.StatusOK, "")
		}
	}
	token := func() string { return k.signedIn("ada").RefreshToken }
	b.costs("refresh, anonymous", 1, refresh(k.guest().RefreshToken, ""))
	b.costs("refresh, customer", 2, refresh(token(), "&responseFields=accessToken"))
	b.costs("refresh, customer with a name", 2, refresh(token(), "&responseFields=customerAccount(userName)"))
	b.costs("refresh, customer with everything", 3, refresh(token(), ""))
	b.costs("refresh, nonsense", 0, func() {
		k.wants("nonsense", k.tryRefreshing("undefined"), http.StatusUnauthorized, "TOKEN_INVALID")
	})

	b.costs("an application's ticket", 0, func() { k.oauth() })
	app := k.oauth()
	b.costs("its renewal", 1, func() {
		got := k.call(http.MethodPut, renewPath, withToken(app.RefreshToken))
		k.wants("renewal", got, http.StatusOK, "")
	})
	b.costs("its end", 1, func() {
		k.wants("end", k.call(http.MethodDelete, applicationPath+"/"+app.RefreshToken, ""), http.StatusOK, "")
	})
	b.costs("the tenant", 0, func() {
		k.wants("tenant", k.call(http.MethodGet, tenantPath, "", k.app...), http.StatusOK, "")
	})
}
