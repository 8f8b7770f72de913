package test_test

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/authtickets/authtickets/access"
	"github.com/authtickets/authtickets/applications"
)

// introspectOverHTTP sends a request as RFC 7662 describes. Headers come in pairs.
func (o *office) introspectOverHTTP(form, id, secret string, headers ...string) answer {
	o.t.Helper()
	request, err := http.NewRequestWithContext(
		o.t.Context(), http.MethodPost, o.web.URL+"/oauth/introspect", strings.NewReader(form),
	)
	must(o.t, err)
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	if id != "" {
		request.SetBasicAuth(url.QueryEscape(id), url.QueryEscape(secret))
	}

	for i := 0; i < len(headers); i += 2 {
		request.Header.Set(headers[i], headers[i+1])
	}

	return o.send(request)
}

func TestIntrospectionOverHTTP(t *testing.T) {
	t.Parallel()

	onEach(t, func(t *testing.T, o *office) {
		o.customer("ada")
		secret := o.application(
			"gateway", true, applications.Change{OwnBehaviors: []string{access.IntrospectTickets().Behavior()}},
		)
		weak := o.application("weak", true, applications.Change{})
		got := o.post(signInQuery, variables{"input": variables{"username": "ada", "password": rightPassword}},
			as("storefront", "")...).
			ticket(t, "createUserTicket")
		live := o.introspectOverHTTP("token="+got.AccessToken+"&token_type_hint=access_token", "gateway", secret)
		var claims struct {
			Active, Anonymous    bool
			Iss, Sub, Scope, Sid string
			ClientID             string `json:"client_id"`
			TokenType            string `json:"token_type"`
			Iat, Exp             int64
			AuthTime             int64 `json:"auth_time"`
		}

		must(t, json.Unmarshal([]byte(live.Text), &claims))
		if live.Status != http.StatusOK || !claims.Active || claims.Iss != issuer || claims.Sub != got.UserID ||
			claims.ClientID != "storefront" ||
			claims.Scope != "cart.write catalog.read" ||
			claims.TokenType != "Bearer" ||
			claims.Iat != begin.Unix() ||
			claims.AuthTime != begin.Unix() ||
			claims.Exp != begin.Add(15*time.Minute).Unix() ||
			claims.Anonymous ||
			len(claims.Sid) != 32 {
			t.Error(live.Text)
		}
		if live.Header.Get("Cache-Control") != "no-store" ||
			live.Header.Get("Content-Type") != "application/json; charset=utf-8" {
			t.Error(live.Header)
		}

		dead := func(name, token string) {
			if got := o.introspectOverHTTP(url.Values{"token": {token}}.Encode(), "gateway",
				secret); got.Status != http.StatusOK ||
				got.Text != `{"active":false}` {
				t.Errorf("%s: %d %s", name, got.Status, got.Text)
			}
		}

		dead("refresh token", got.RefreshToken)
		dead("damaged", got.AccessToken+"x")
		dead("empty", "")
		dead("NUL", "\x00")
		dead("JWT", "eyJhbGciOiJub25lIn0.eyJzdWIiOiIxIn0.")
		o.post(revokeQuery, variables{"token": got.RefreshToken}, as("storefront", "")...)
		o.follow()
		dead("revoked", got.AccessToken)

		o.introspectionRefuses(secret, weak, got.AccessToken)
		if strings.Contains(o.log.String(), secret) || strings.Contains(o.log.String(), got.AccessToken) {
			t.Error("the log has a secret")
		}
	})
}

// introspectionRefuses fails unless introspection refuses requests as RFC 7662 describes. weak is
// the secret of an application without the behavior.
func (o *office) introspectionRefuses(secret, weak, accessToken string) {
	o.t.Helper()
	for name, refused := range map[string]struct {
		got    answer
		status int
		text   string
	}{
		"nobody": {
			o.introspectOverHTTP("token=x", "", ""), http.StatusUnauthorized, `{"error":"invalid_client"}`,
		},
		"wrong secret": {
			o.introspectOverHTTP("token=x", "gateway", "x"), http.StatusUnauthorized,
			`{"error":"invalid_client"}`,
		},
		"unknown": {
			o.introspectOverHTTP("token=x", "n:%zz", "x"), http.StatusUnauthorized,
			`{"error":"invalid_client"}`,
		},
		"public": {
			o.introspectOverHTTP("token=x", "storefront", ""), http.StatusUnauthorized,
			`{"error":"invalid_client"}`,
		},
		"shopper": {
			o.introspectOverHTTP("token=x", "", "", append(as("storefront", ""), bearer(accessToken)...)...),
			http.StatusUnauthorized, `{"error":"invalid_client"}`,
		},
		"may not": {
			o.introspectOverHTTP("token=x", "weak", weak), http.StatusForbidden,
			`{"error":"access_denied"}`,
		},
		"no token": {
			o.introspectOverHTTP("other=x", "gateway", secret), http.StatusBadRequest,
			`{"error":"invalid_request"}`,
		},
		"two tokens": {
			o.introspectOverHTTP("token=x&token=y", "gateway", secret), http.StatusBadRequest,
			`{"error":"invalid_request"}`,
		},
		"bad form": {
			o.introspectOverHTTP("token=%zz", "gateway", secret), http.StatusBadRequest,
			`{"error":"invalid_request"}`,
		},
		"huge": {
			o.introspectOverHTTP("token="+strings.Repeat("A", 100<<10), "gateway", secret),
			http.StatusBadRequest, `{"error":"invalid_request"}`,
		},
		"JSON": {
			o.introspectOverHTTP(`{"token":"x"}`, "gateway", secret, "Content-Type", "application/json"),
			http.StatusUnsupportedMediaType, `{"error":"invalid_request"}`,
		},
		"by our headers": {
			o.introspectOverHTTP("token=x", "", "", as("gateway", secret)...), http.StatusOK,
			`{"active":false}`,
		},
		"foreign origin": {
			o.introspectOverHTTP("token=x", "gateway", secret, "Origin", "https://foreign.example"),
			http.StatusForbidden, `{"error":"access_denied"}`,
		},
	} {
		if refused.got.Status != refused.status || refused.got.Text != refused.text {
			o.t.Errorf("%s: %d %s", name, refused.got.Status, refused.got.Text)
		}
		challenge := refused.got.Header.Get("WWW-Authenticate")
		if (refused.status == http.StatusUnauthorized) != strings.HasPrefix(challenge, "Basic ") {
			o.t.Errorf("%s: %q", name, challenge)
		}
	}
}

func TestMetadata(t *testing.T) {
	t.Parallel()

	o := open(t, sqlite(t))
	get := func(path string, headers ...string) answer {
		request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, o.web.URL+path, http.NoBody)
		must(t, err)
		for i := 0; i < len(headers); i += 2 {
			request.Header.Set(headers[i], headers[i+1])
		}

		return o.send(request)
	}

	const metadata = `{"issuer":"https://tickets.example",` +
		`"jwks_uri":"https://tickets.example/.well-known/jwks.json","response_types_supported":[],` +
		`"grant_types_supported":[],` +
		`"introspection_endpoint":"https://tickets.example/oauth/introspect",` +
		`"introspection_endpoint_auth_methods_supported":["client_secret_basic"],` +
		`"revoked_tickets_uri":"https://tickets.example/.well-known/revoked-tickets"}`
	if got := get("/.well-known/oauth-authorization-server"); got.Text != metadata ||
		got.Header.Get("Content-Type") != "application/json" {
		t.Error(got.Text, got.Header)
	}

	for path, cached := range map[string]string{
		"/.well-known/jwks.json": "public, max-age=30", "/.well-known/revoked-tickets": "public, max-age=1",
		"/.well-known/oauth-authorization-server": "public, max-age=3600",
	} {
		got := get(path)
		tag := got.Header.Get("ETag")
		if got.Status != http.StatusOK || got.Header.Get("Cache-Control") != cached || tag == "" ||
			got.Header.Get("Access-Control-Allow-Origin") != "*" {
			t.Errorf("%s: %d %v", path, got.Status, got.Header)
		}
		if got := get(path, "If-None-Match", `"other", `+tag); got.Status != http.StatusNotModified || got.Text != "" {
			t.Errorf("%s: %d %s", path, got.Status, got.Text)
		}
	}

	if got := get("/.well-known/jwks.json"); strings.Contains(got.Text, `"d"`) ||
		!strings.Contains(got.Text, `"kid"`) ||
		!strings.Contains(got.Text, `"ES256"`) {
		t.Error(got.Text)
	}

	first := get("/.well-known/revoked-tickets").Text
	ticket := o.anonymous()
	o.revoke(ticket.RefreshToken, false)
	o.follow()
	if second := get("/.well-known/revoked-tickets").Text; second == first || len(strings.Split(second, ".")) != 3 {
		t.Error("the feed has not changed")
	}
}
