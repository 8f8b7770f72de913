package test_test

import (
	"net/http"
	"strings"
	"testing"
)

// Every path works with and without a slash at its end, and with an empty responseFields.
func TestKiboRoutes(t *testing.T) {
	t.Parallel()

	onEachKibo(t, func(t *testing.T, k *kiboShop) {
		k.customer("ada")
		credentials := jsonOf(t, map[string]any{"username": "ada", "password": rightPassword})
		own := jsonOf(t, map[string]any{"applicationId": kiboClientID, "sharedSecret": k.secret})

		for _, end := range []string{"", "/", "?responseFields=", "/?responseFields="} {
			k.ticket(k.call(http.MethodGet, anonymousPath+end, "", k.app...))
			k.ticket(k.call(http.MethodPost, shopperPath+end, credentials, k.app...))

			and := "?"
			if strings.Contains(end, "?") {
				and = "&"
			}
			k.ticket(k.call(http.MethodPut, refreshPath+end+and+"refreshToken="+k.guest().RefreshToken, "", k.app...))
			body := withToken(k.guest().RefreshToken)
			k.ticket(k.call(http.MethodPut, refreshPath+end, body, k.app...))

			oauth := `{"client_id":"shop-app","client_secret":"` + k.secret + `","grant_type":"client_credentials"}`
			k.wants("oauth", k.call(http.MethodPost, oauthPath+end, oauth), http.StatusOK, "")
			issued := k.call(http.MethodPost, applicationPath+end, own)
			k.wants("an application's ticket", issued, http.StatusOK, "")
			renewed := k.call(http.MethodPut, renewPath+end, withToken(issued.RefreshToken))
			k.wants("its renewal", renewed, http.StatusOK, "")
			ended := k.call(http.MethodDelete, applicationPath+"/"+renewed.RefreshToken+end, "")
			k.wants("its end", ended, http.StatusOK, "")
			if ended.Text != "" {
				t.Errorf("the end is answered with %s", ended.Text)
			}
			k.wants("the tenant", k.call(http.MethodGet, tenantPath+end, "", k.app...), http.StatusOK, "")
		}
	})
}

func TestKiboTenant(t *testing.T) {
	t.Parallel()

	k := open(t, sqlite(t)).kibo()
	got := k.call(http.MethodGet, tenantPath, "", k.app...)
	const want = `{"id":12345,"name":"12345","domain":"tickets.example","sites":[` +
		`{"id":7,"siteId":7,"tenantId":12345,"name":"7","domain":"tickets.example"},` +
		`{"id":9,"siteId":9,"tenantId":12345,"name":"9","domain":"tickets.example"}],"masterCatalogs":[]}`
	if got.Text != want {
		t.Errorf("got %s", got.Text)
	}

	for _, id := range []string{"1", "0", "012345", "12345x", "-12345"} {
		other := k.call(http.MethodGet, "/api/platform/tenants/"+id, "", k.app...)
		k.wants("tenant "+id, other, http.StatusNotFound, "")
	}
	k.wants("no application", k.call(http.MethodGet, tenantPath, ""), http.StatusUnauthorized, "APPLICATION_INVALID")
	secret := []string{"x-application", "shop-app", "x-application-secret", k.secret}
	k.wants("its secret", k.call(http.MethodGet, tenantPath, "", secret...), http.StatusOK, "")
	site := k.call(http.MethodGet, tenantPath, "", "x-vol-site", "7")
	k.wants("a public application", site, http.StatusUnauthorized, "APPLICATION_INVALID")
}

// What the server does not have is answered in the shape of Kibo's errors, too.
func TestKiboRefusesOtherRequests(t *testing.T) {
	t.Parallel()

	k := open(t, sqlite(t)).kibo()
	for _, path := range []string{"/impersonatecart", "/otp/request", "/otp/auth", "/2fa/request", "/2fa/auth"} {
		for _, end := range []string{"", "/"} {
			got := k.call(http.MethodPost, shopperPath+path+end, `{"x":"`+marker+`"}`, k.app...)
			k.wants(path, got, http.StatusNotImplemented, "")
			if got.ErrorCode != "NOT_SUPPORTED" {
				t.Errorf("%s: %s", path, got.Text)
			}
		}
	}

	for _, path := range []string{
		"/api", "/api/", "/api/" + marker, "/api/commerce", shopperPath + "/" + marker, anonymousPath + "/" + marker,
		"/api/platform/tenants", "/api/platform/tenants/", "/api/commerce/customer/accounts",
		"/api?refreshToken=" + marker,
		applicationPath + "/a/b", "/api/commerce/customer/AuthTickets",
		"/" + anonymousPath, "/api//commerce/customer/authtickets", shopperPath + "//", "/api/./commerce",
		"/x/../api/x",
	} {
		for _, method := range []string{http.MethodGet, http.MethodPost, http.MethodPut} {
			got := k.call(method, path, "", k.app...)
			k.wants(method+" "+path, got, http.StatusNotFound, "")
			if got.ErrorCode != "ITEM_NOT_FOUND" {
				t.Errorf("%s: %s", path, got.Text)
			}
		}
	}

	for path, allowed := range map[string]string{
		anonymousPath: http.MethodGet, shopperPath: http.MethodPost, refreshPath: http.MethodPut,
		oauthPath: http.MethodPost, applicationPath: http.MethodPost, renewPath: http.MethodPut,
		applicationPath + "/" + marker: http.MethodDelete, tenantPath: http.MethodGet,
		shopperPath + "/otp/auth": http.MethodPost,
	} {
		for _, method := range []string{
			http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete,
			http.MethodOptions, "QUERY",
		} {
			if method == allowed {
				continue
			}
			got := k.call(method, path, "", k.app...)
			if got.Status != http.StatusMethodNotAllowed || got.Header.Get("Allow") != allowed {
				t.Errorf("%s %s: %d, allowed is %s", method, path, got.Status, got.Header.Get("Allow"))
			}
			if method != http.MethodHead && got.ErrorCode != "METHOD_NOT_ALLOWED" {
				t.Errorf("%s %s: %s", method, path, got.Text)
			}
		}
	}
}

// The id of a request is also in the header that Kibo's clients log. A server that does not know
// these clients has no such routes.
func TestKiboCorrelation(t *testing.T) {
	t.Parallel()

	o := open(t, sqlite(t))
	k := o.kibo()
	got := k.call(http.MethodPost, shopperPath, `{}`, append(k.app, "x-request-id", "a-trace_1")...)
	if got.Header.Get("X-Vol-Correlation") != "a-trace_1" || got.CorrelationID != "a-trace_1" {
		t.Errorf("%v %s", got.Header, got.Text)
	}
	got = k.call(http.MethodPost, shopperPath, `{}`, append(k.app, "x-request-id", marker+" x")...)
	k.wants("a strange id", got, http.StatusBadRequest, "USERNAME_INVALID")

	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, o.web.URL+anonymousPath, http.NoBody)
	must(t, err)
	if answer := o.send(request); answer.Status != http.StatusNotFound {
		t.Errorf("without these clients: %d %s", answer.Status, answer.Text)
	}
}
