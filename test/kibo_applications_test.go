package test_test

import (
	"encoding/json"
	"net/http"
	"testing"
	"time"

	"github.com/authtickets/authtickets/access"
	"github.com/authtickets/authtickets/applications"
	"github.com/authtickets/authtickets/models"
	"github.com/authtickets/authtickets/web"
)

// An application requests, renews and ends its own ticket in both of Kibo's forms.
func TestKiboApplicationTickets(t *testing.T) {
	t.Parallel()

	onEachKibo(t, func(t *testing.T, k *kiboShop) {
		var oauth map[string]any
		credentials := map[string]any{
			"client_id": kiboClientID, "client_secret": k.secret, "grant_type": "client_credentials",
		}
		must(t, json.Unmarshal([]byte(k.call(http.MethodPost, oauthPath, jsonOf(t, credentials)).Text), &oauth))
		if oauth["token_type"] != "Bearer" || oauth["expires_in"] != 3600.0 || len(oauth) != 4 {
			t.Errorf("%v", oauth)
		}
		credentials["refresh_token"] = oauth["refresh_token"] // it renews like that
		k.wants("oauth again", k.call(http.MethodPost, oauthPath, jsonOf(t, credentials)), http.StatusOK, "")

		body := jsonOf(t, map[string]any{"applicationId": kiboClientID, "sharedSecret": k.secret})
		ticket := k.call(http.MethodPost, applicationPath+"/", body)
		if ticket.AccessTokenExpiration != "2026-11-24T10:30:00.123Z" ||
			ticket.RefreshTokenExpiration != "2026-11-25T09:30:00.123Z" {
			t.Errorf("%s", ticket.Text)
		}

		k.clock.Pass(59 * time.Minute)
		renewed := k.call(http.MethodPut, renewPath, withToken(ticket.RefreshToken))
		k.wants("renewed", renewed, http.StatusOK, "")
		use := func(token string) rest { return k.call(http.MethodGet, anonymousPath, "", bearer(token)...) }
		k.wants("the old one", use(ticket.AccessToken), http.StatusOK, "")
		k.clock.Pass(time.Minute)
		k.wants("the old one expired", use(ticket.AccessToken), http.StatusUnauthorized, "APPLICATION_INVALID")
		k.wants("the new one", use(renewed.AccessToken), http.StatusOK, "")

		end := k.call(http.MethodDelete, applicationPath+"/"+ticket.RefreshToken, "")
		k.wants("ended", end, http.StatusOK, "")
		k.follow()
		k.wants("the new one of it", use(renewed.AccessToken), http.StatusUnauthorized, "APPLICATION_INVALID")
		again := k.call(http.MethodPut, renewPath, withToken(renewed.RefreshToken))
		k.wants("renewed after the end", again, http.StatusUnauthorized, "APPLICATION_INVALID")
		end = k.call(http.MethodDelete, applicationPath+"/"+ticket.RefreshToken, "")
		k.wants("ended twice", end, http.StatusOK, "")
	})
}

func TestKiboErrApplicationTickets(t *testing.T) {
	t.Parallel()

	k := open(t, sqlite(t)).kibo()
	oauth := func(id, secret, grant any) rest {
		return k.call(http.MethodPost, oauthPath, jsonOf(t, map[string]any{
			"client_id": id, "client_secret": secret, "grant_type": grant,
		}))
	}
	const grant = "client_credentials"
	for name, c := range map[string]struct {
		got    rest
		status int
		reason string
	}{
		"wrong secret":   {oauth(kiboClientID, marker, grant), 401, "APPLICATION_INVALID"},
		"unknown":        {oauth(marker, k.secret, grant), 401, "APPLICATION_INVALID"},
		"other case":     {oauth("shop.app.1.0.0.release", k.secret, grant), 401, "APPLICATION_INVALID"},
		"public":         {oauth("storefront", "", grant), 401, "APPLICATION_INVALID"},
		"empty":          {oauth(kiboClientID, "", grant), 401, "APPLICATION_INVALID"},
		"no secret":      {oauth(kiboClientID, nil, grant), 401, "APPLICATION_INVALID"},
		"other grant":    {oauth(kiboClientID, k.secret, "password"), 400, "REQUEST_INVALID"},
		"no grant":       {oauth(kiboClientID, k.secret, nil), 400, "REQUEST_INVALID"},
		"a number":       {oauth(1, k.secret, grant), 400, ""},
		"a list":         {oauth(kiboClientID, []string{marker}, grant), 400, ""},
		"renew nonsense": {k.call(http.MethodPut, renewPath, withToken(marker)), 401, "APPLICATION_INVALID"},
		"renew nothing":  {k.call(http.MethodPut, renewPath, `{}`), 401, "APPLICATION_INVALID"},
		"end nonsense":   {k.call(http.MethodDelete, applicationPath+"/"+marker, ""), 401, "APPLICATION_INVALID"},
		"renew a shopper's": {
			k.call(http.MethodPut, renewPath, withToken(k.guest().RefreshToken)),
			401, "APPLICATION_INVALID",
		},
		"end a shopper's": {
			k.call(http.MethodDelete, applicationPath+"/"+k.guest().RefreshToken, ""), 401, "APPLICATION_INVALID",
		},
	} {
		k.wants(name, c.got, c.status, c.reason)
	}

	// The id of a site means the application of its shoppers, and not the one that renews.
	site := []string{"x-vol-site", "7"}
	ticket := k.oauth()
	renew := withToken(ticket.RefreshToken)
	k.wants("renewed with a site", k.call(http.MethodPut, renewPath, renew, site...), http.StatusOK, "")
	other := k.call(http.MethodPut, renewPath, renew, "x-application", "storefront")
	k.wants("renewed by another", other, http.StatusUnauthorized, "APPLICATION_INVALID")
	end := applicationPath + "/" + ticket.RefreshToken
	k.wants("ended with a site", k.call(http.MethodDelete, end, "", site...), http.StatusOK, "")
}

// The application's token is in Authorization or in x-vol-app-claims. The shopper's token is in
// x-vol-user-claims, and text that is no token there counts as none.
func TestKiboHeaders(t *testing.T) {
	t.Parallel()

	onEachKibo(t, func(t *testing.T, k *kiboShop) {
		k.customer("ada")
		app, guest := k.oauth().AccessToken, k.guest()
		for name, c := range map[string]struct {
			headers []string
			reason  models.Reason
		}{
			"bearer":              {bearer(app), ""},
			"bearer, lower case":  {[]string{"Authorization", "bearer " + app}, ""},
			"app claims":          {[]string{"x-vol-app-claims", app}, ""},
			"both":                {append(bearer(app), "x-vol-app-claims", app), ""},
			"app claims decide":   {append(bearer("undefined"), "x-vol-app-claims", app), ""},
			"wrong app claims":    {append(bearer(app), "x-vol-app-claims", "undefined"), "APPLICATION_INVALID"},
			"app claims twice":    {[]string{"x-vol-app-claims", app, "x-vol-app-claims", app}, "APPLICATION_INVALID"},
			"bearer twice":        {append(bearer(app), bearer(app)...), "APPLICATION_INVALID"},
			"undefined":           {bearer("undefined"), "APPLICATION_INVALID"},
			"basic":               {[]string{"Authorization", "Basic YTpi"}, "APPLICATION_INVALID"},
			"a shopper's token":   {bearer(guest.AccessToken), "APPLICATION_INVALID"},
			"a refresh token":     {bearer(k.oauth().RefreshToken), "APPLICATION_INVALID"},
			"secret":              {as("shop-app", k.secret), ""},
			"client id, secret":   {as(kiboClientID, k.secret), ""},
			"secret as a token":   {bearer(k.secret), "APPLICATION_INVALID"},
			"token and another":   {append(bearer(app), as("storefront", "")...), "APPLICATION_INVALID"},
			"token and its id":    {append(bearer(app), as(kiboClientID, "")...), ""},
			"a public one":        {as("storefront", ""), ""},
			"no shopper's token":  {append(bearer(app), "x-vol-user-claims", "undefined"), ""},
			"shopper's token":     {append(bearer(app), "x-vol-user-claims", guest.AccessToken), ""},
			"two of them":         {append(bearer(app), "x-vol-user-claims", "a", "x-vol-user-claims", "b"), ""},
			"not by token: empty": {[]string{"x-vol-app-claims", ""}, ""},
		} {
			got := k.call(http.MethodGet, anonymousPath, "", c.headers...)
			if models.Reason(got.data("reason")) != c.reason || (got.Status == http.StatusOK) != (c.reason == "") {
				t.Errorf("%s: want %q, got %d %s", name, c.reason, got.Status, got.Text)
			}
		}

		// GraphQL reads the same headers.
		customer := k.signedIn("ada").AccessToken
		shopper := append(bearer(app), "x-vol-user-claims", customer)
		expect(t, k.currentShopper("userId", shopper...), "")
		expect(t, k.currentShopper("userId", "x-vol-app-claims", app, "x-vol-user-claims", customer), "")
		expect(t, k.currentShopper("userId", append(bearer(app), "x-application", "storefront")...),
			models.ReasonApplicationInvalid)
		k.clock.Pass(time.Hour)
		expired := k.post(issueQuery, nil, append(bearer(app), "x-application", "shop-app")...)
		expect(t, expired, models.ReasonApplicationInvalid)
	})
}

// With its token, an application has its own rights, until an operator takes them away.
func TestKiboTokensAreSecrets(t *testing.T) {
	t.Parallel()

	onEachKibo(t, func(t *testing.T, k *kiboShop) {
		k.customer("ada")
		find := func() answer { return k.post(`{ account(by: {userName: "ada"}) { userId } }`, nil, k.app...) }
		update := func(behaviors ...string) {
			k.operate(func(o *access.Caller) error {
				_, err := k.applications.Update(t.Context(), o, "shop-app",
					applications.Change{OwnBehaviors: append([]string{}, behaviors...)})
				return err
			})
		}
		expect(t, find(), models.ReasonBehaviorMissing)
		update(access.ManageAccounts().Behavior())
		expect(t, find(), "")
		update()
		expect(t, find(), models.ReasonBehaviorMissing)

		k.operate(func(o *access.Caller) error { return errOf(k.applications.Disable(t.Context(), o, "shop-app")) })
		expect(t, find(), models.ReasonApplicationDisabled)
		k.wants("disabled", k.call(http.MethodGet, anonymousPath, "", k.app...), 403, "APPLICATION_DISABLED")
		body := jsonOf(t, map[string]any{"applicationId": kiboClientID, "sharedSecret": k.secret})
		k.wants("disabled, issue", k.call(http.MethodPost, applicationPath, body), 403, "APPLICATION_DISABLED")
	})
}

// A site selects the application of its shoppers, if the request names no other.
func TestKiboSites(t *testing.T) {
	t.Parallel()

	k := open(t, sqlite(t)).kibo()
	k.application("kiosk", false, applications.Change{})
	applicationOf := func(headers ...string) string {
		t.Helper()
		got := k.call(http.MethodGet, anonymousPath, "", headers...)
		if got.Status != http.StatusOK {
			return got.data("reason")
		}
		return claimsOf(t, got.JWTAccessToken)["client_id"].(string)
	}
	for _, c := range []struct {
		want    string
		headers []string
	}{
		{"storefront", []string{"x-vol-site", "7"}},
		{"storefront", []string{"x-vol-site", "7", "x-vol-tenant", "12345", "x-vol-catalog", "1"}},
		{"kiosk", []string{"x-vol-site", "7", "x-application", "kiosk"}},
		{"shop-app", append([]string{"x-vol-site", "7"}, k.app...)},
		{"shop-app", append([]string{"x-vol-site", "9"}, k.app...)},
		{"APPLICATION_INVALID", []string{"x-vol-site", "9"}},
		{"APPLICATION_MISSING", []string{"x-vol-site", ""}},
		{"APPLICATION_INVALID", []string{"x-vol-site", "7", "x-vol-site", "7"}},
		{"APPLICATION_MISSING", nil},
		{"APPLICATION_INVALID", []string{"x-vol-site", "7", "x-application", "nobody"}},
		{"APPLICATION_INVALID", append([]string{"x-application", "kiosk"}, k.app...)},
	} {
		if got := applicationOf(c.headers...); got != c.want {
			t.Errorf("%s: got %s, want %s", c.headers, got, c.want)
		}
	}

	expect(t, k.post(issueQuery, nil, "x-vol-site", "7"), "")
	got := k.post(`mutation { anonymousShopperTicket { jwtAccessToken } }`, nil, k.app...)
	if _, _, claims := jwtOf(t, got, "anonymousShopperTicket"); claims["client_id"] != "shop-app" {
		t.Errorf("%v", claims)
	}

	without := &kiboShop{office: k.with(func(s *web.Settings) { s.Sites = nil })}
	for _, site := range []string{"7", "9"} {
		got := without.call(http.MethodGet, anonymousPath, "", "x-vol-site", site)
		without.wants("without sites", got, http.StatusUnauthorized, "APPLICATION_MISSING")
	}
}
