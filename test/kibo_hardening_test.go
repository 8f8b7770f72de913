package test_test

import (
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/authtickets/authtickets/applications"
	"github.com/authtickets/authtickets/kibo"
	"github.com/authtickets/authtickets/web"
)

// preflightOf returns the headers of the answer to a preflight.
func (k *kiboShop) preflightOf(path, origin, method, asked string) http.Header {
	k.t.Helper()
	request := httptest.NewRequestWithContext(k.t.Context(), http.MethodOptions, path, http.NoBody)
	request.Header.Set("Origin", origin)
	request.Header.Set("Access-Control-Request-Method", method)
	if asked != "" {
		request.Header.Set("Access-Control-Request-Headers", asked)
	}
	recorder := httptest.NewRecorder()
	k.handler.ServeHTTP(recorder, request)
	if recorder.Code != http.StatusNoContent || recorder.Body.Len() > 0 {
		k.t.Errorf("a preflight of %s is answered with %d", path, recorder.Code)
	}
	return recorder.Header()
}

// Pages of listed origins may call the resources of shoppers, and read every answer.
func TestKiboOrigins(t *testing.T) {
	t.Parallel()

	k := open(t, sqlite(t)).kibo()
	k.application("kiosk", false, applications.Change{Origins: []string{otherShop}})
	shop := as("storefront", "")
	for _, origin := range append(foreignOrigins(), otherShop) {
		if origin == "" {
			continue
		}
		for path, method := range map[string]string{anonymousPath: "GET", shopperPath: "POST", refreshPath: "PUT"} {
			got := k.call(method, path, `{"username":"ada","password":"`+marker+`"}`, append(shop, "Origin", origin)...)
			k.wants(origin, got, http.StatusForbidden, "ORIGIN_NOT_ALLOWED")
			preflight := k.preflightOf(path, origin, method, "content-type")
			for _, header := range []http.Header{got.Header, preflight} {
				isListed := origin == otherShop // another application's, so only the call is refused
				if (header[allowOrigin] != nil) != isListed || header["Access-Control-Allow-Credentials"] != nil {
					t.Errorf("%s: %v", origin, header)
				}
			}
			if !variesByOrigin(got.Header) || !variesByOrigin(preflight) {
				t.Errorf("%s: a cache would mix origins up", origin)
			}
		}
	}

	got := k.call(http.MethodGet, anonymousPath, "", append(shop, "Origin", shopOrigin)...)
	exposed := strings.ToLower(got.Header.Get("Access-Control-Expose-Headers"))
	if k.ticket(got); got.Header.Get(allowOrigin) != shopOrigin || !strings.Contains(exposed, "x-vol-correlation") {
		t.Errorf("%v", got.Header)
	}
	refused := k.call(http.MethodPost, shopperPath, "[", append(shop, "Origin", shopOrigin)...)
	if refused.Header.Get(allowOrigin) != shopOrigin {
		t.Errorf("the page cannot read a refusal: %v", refused.Header)
	}
	k.wants("a page with the application's token",
		k.call(http.MethodGet, anonymousPath, "", append([]string{"Origin", shopOrigin}, k.app...)...),
		http.StatusForbidden, "ORIGIN_NOT_ALLOWED")
	k.ticket(k.call(http.MethodGet, anonymousPath, "", append(shop, "Origin", k.web.URL)...))
}

func TestKiboPreflights(t *testing.T) {
	t.Parallel()

	k := open(t, sqlite(t)).kibo()
	headers := "authorization,content-type,x-vol-user-claims,x-vol-site,x-vol-tenant,x-vol-catalog," +
		"x-vol-master-catalog,x-vol-dataview-mode,x-vol-version,x-application,traceparent,baggage,x-datadog-trace-id"
	for _, path := range []string{anonymousPath, shopperPath + "/", refreshPath + "?refreshToken=x"} {
		for _, method := range []string{http.MethodGet, http.MethodPost, http.MethodPut} {
			got := k.preflightOf(path, shopOrigin, method, headers)
			if got.Get(allowOrigin) != shopOrigin || got.Get("Access-Control-Allow-Methods") != method {
				t.Errorf("%s %s: %v", method, path, got)
			}
		}
		for _, method := range []string{http.MethodDelete, http.MethodPatch, "QUERY"} {
			if got := k.preflightOf(path, shopOrigin, method, "content-type"); got[allowOrigin] != nil {
				t.Errorf("%s %s: %v", method, path, got)
			}
		}
		for _, asked := range []string{
			"x-vol-app-claims", "x-application-secret", "x-shopper-address", "x-forwarded-for",
		} {
			if got := k.preflightOf(path, shopOrigin, http.MethodPost, asked); got[allowOrigin] != nil {
				t.Errorf("%s: %v", asked, got)
			}
		}
	}
	if got := k.preflightOf("/graphql", shopOrigin, http.MethodPut, "content-type"); got[allowOrigin] != nil {
		t.Errorf("GraphQL allows PUT: %v", got)
	}
}

// A panic is answered in Kibo's shape. Only the log has the stack.
func TestKiboPanics(t *testing.T) {
	t.Parallel()

	o := open(t, sqlite(t))
	o.kibo()
	broken := o.kibo(func(s *kibo.Settings) { s.Office, s.Applications = nil, nil })
	for i, got := range []rest{
		broken.call(http.MethodGet, anonymousPath, ""),
		broken.call(http.MethodPost, shopperPath, `{"username":"ada","password":"`+marker+`"}`),
		broken.call(http.MethodPut, refreshPath+"?refreshToken="+marker, ""),
		broken.call(http.MethodDelete, applicationPath+"/"+marker, ""),
	} {
		broken.wants("panic", got, http.StatusInternalServerError, "INTERNAL")
		if got.ErrorCode != "SERVER_ERROR" || strings.Contains(got.Text, "nil") {
			t.Error(got.Text)
		}
		if o.log.count("panic") < i+1 || !strings.Contains(o.log.String(), got.CorrelationID) {
			t.Errorf("the log has no panic %s", got.CorrelationID)
		}
	}
}

// A request whose deadline has passed gets an error, and so does one whose database is gone.
func TestKiboFaults(t *testing.T) {
	t.Parallel()

	o := open(t, sqlite(t))
	k := o.kibo()
	k.customer("ada")
	token := k.signedIn("ada").RefreshToken
	served := o.with(func(s *web.Settings) {
		serve := k.settings.Kibo
		s.Kibo, s.Deadline = serve, time.Nanosecond
	})
	late := &kiboShop{office: served, secret: k.secret, app: k.app}
	for name, got := range map[string]rest{
		"sign-in": late.trySigningIn("ada", rightPassword, "198.51.100.1", nil),
		"refresh": late.tryRefreshing(token),
		"renewal": late.call(http.MethodPut, renewPath, withToken(k.oauth().RefreshToken)),
	} {
		late.wants(name, got, http.StatusServiceUnavailable, "TIMED_OUT")
		if got.Header.Get("Retry-After") == "" || got.data("retryAfterSeconds") == "" ||
			got.data("nextStep") != "WAIT" {
			t.Errorf("%s: %v %s", name, got.Header, got.Text)
		}
	}
	k.ticket(k.tryRefreshing(token))

	must(t, k.Store.Close())
	for name, got := range map[string]rest{
		"sign-in": k.trySigningIn("ada", rightPassword, "198.51.100.1", nil),
		"refresh": k.tryRefreshing(token),
		"end":     k.call(http.MethodDelete, applicationPath+"/"+k.oauth().RefreshToken, ""),
	} {
		if got.Status < http.StatusInternalServerError || strings.Contains(got.Text, "sql") {
			t.Errorf("%s: %d %s", name, got.Status, got.Text)
		}
	}
	k.ticket(k.call(http.MethodGet, anonymousPath, "", k.app...))
}

// No header, however long or strange, does harm.
func TestKiboHeadersThatDoNoHarm(t *testing.T) {
	t.Parallel()

	k := open(t, sqlite(t)).kibo()
	k.customer("ada")
	for _, name := range []string{
		"Authorization", "X-Vol-App-Claims", "X-Vol-User-Claims", "X-Vol-Site", "X-Vol-Tenant", "X-Forwarded-For",
		"X-Application", "X-Application-Secret", "X-Shopper-Address", "X-Request-Id", "Apollographql-Client-Name",
	} {
		for _, value := range []string{
			"", marker, strings.Repeat("a", 10_000), "Bearer " + strings.Repeat("A", 10_000), "\xff\xfe", "😀", "null",
			"${jndi:ldap://" + marker + "}", strings.Repeat("1.2.3.4,", 1000), "::1", "Bearer", "Bearer  x",
		} {
			if value == marker && (name == "X-Request-Id" || name == "Apollographql-Client-Name") {
				continue // these are logged if they are harmless
			}
			body := jsonOf(t, map[string]any{"username": "ada", "password": "wrong"})
			got := k.serve(attempt{url: shopperPath, body: body}.with(name, value))
			if got.Status >= http.StatusInternalServerError || len(got.Text) > 4<<10 {
				t.Errorf("%s: %.30q: %d %.300s", name, value, got.Status, got.Text)
			}
		}
	}
	for name, service := range map[string][]string{"secret": as("shop-app", k.secret), "token": k.app} {
		headers := append(slices.Clone(service), "x-shopper-address", marker)
		wrong := k.call(http.MethodGet, anonymousPath, "", headers...)
		k.wants("no address, with a "+name, wrong, http.StatusBadRequest, "")
	}
}

// The log at the debug level has no token and no secret, wherever a client puts it.
func TestKiboLogs(t *testing.T) {
	t.Parallel()

	onEachKibo(t, func(t *testing.T, k *kiboShop) {
		k.customer("ada")
		k.log.clear()
		app, guest := k.oauth(), k.guest()
		k.app = bearer(app.AccessToken)
		claims := []string{"x-vol-user-claims", guest.AccessToken}
		customer := k.ticket(k.trySigningIn("ada", rightPassword, "198.51.100.1", nil, claims...))
		next := k.ticket(k.tryRefreshing(customer.RefreshToken))
		k.clock.Pass(time.Minute)
		k.tryRefreshing(customer.RefreshToken) // which ends the session
		k.call(http.MethodGet, anonymousPath+"?responseFields=("+guest.RefreshToken, "", k.app...)
		k.call(http.MethodGet, "/api/"+guest.RefreshToken, "", k.app...)
		k.call(http.MethodGet, "/api/platform/tenants/"+guest.RefreshToken, "", k.app...)
		renewed := k.call(http.MethodPut, renewPath, withToken(app.RefreshToken))
		k.call(http.MethodPatch, applicationPath+"/"+app.RefreshToken, "")
		k.call(http.MethodDelete, applicationPath+"/"+app.RefreshToken+"/", "")
		k.call(http.MethodDelete, applicationPath+"/"+app.RefreshToken+"?x="+app.RefreshToken, "")

		logged := k.log.String()
		for name, token := range map[string]string{
			"application's": app.AccessToken, "application's refresh": app.RefreshToken, "renewed": renewed.AccessToken,
			"renewed refresh": renewed.RefreshToken, "guest's": guest.AccessToken,
			"guest's refresh": guest.RefreshToken,
			"customer's":      customer.AccessToken, "customer's refresh": customer.RefreshToken,
			"next": next.RefreshToken,
			"JWT":  next.JWTAccessToken, "secret": k.secret, "password": rightPassword, "name": `"ada"`,
		} {
			if token == "" || strings.Contains(logged, token) {
				t.Errorf("the %s token is in the log", name)
			}
		}
		for _, want := range []string{
			`"route":"` + applicationPath + `/{refreshToken}"`, `"method":"DELETE"`, `"method":"PUT"`,
			`"act":"application.sign-in"`, `"act":"application.sign-out"`, `"act":"session.sign-in"`,
		} {
			if !strings.Contains(logged, want) {
				t.Errorf("%s is not in the log", want)
			}
		}
	})
}
