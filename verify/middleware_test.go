package verify_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/authtickets/authtickets/verify"
)

func TestMiddleware(t *testing.T) {
	t.Parallel()

	i := newIssuer(t)
	who := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		shopper, ok := verify.ShopperOf(r.Context())
		_, _ = fmt.Fprint(w, shopper.UserID, ok)
	})
	v := i.verifier()
	mux := http.NewServeMux()
	mux.Handle("/", who)
	mux.Handle("/cart", verify.Require("cart.write", who))
	mux.Handle("/admin", verify.Require("admin", who))
	handler := v.Middleware(mux)
	good := i.token(i.claims())
	twice := []string{"Bearer " + good, "Bearer " + good}
	expired := i.token(i.claims().with("exp", 1))
	const passed, realm = userID + "true", `Bearer realm="` + issuerURL + `"`
	const missing = `{"error":"missing_token","error_description":"A ticket is needed."}` + "\n"
	const malformed = `{"error":"invalid_token","error_description":"The ticket is not valid."}` + "\n"
	const challenge = realm + `, error="invalid_token", error_description="The ticket is not valid."`

	for name, test := range map[string]struct {
		path              string
		authorization     []string
		claims            []string
		status            int
		challenge, answer string
	}{
		"OK":                        {"/", []string{"Bearer " + good}, nil, 200, "", passed},
		"OK in any case":            {"/", []string{"bearer " + good}, nil, 200, "", passed},
		"OK as Kibo's clients":      {"/", nil, []string{good}, 200, "", passed},
		"OK with another token":     {"/", []string{"Bearer application"}, []string{good}, 200, "", passed},
		"OK with malformed headers": {"/", []string{"x", "y"}, []string{good}, 200, "", passed},
		"OK with the behavior":      {"/cart", []string{"Bearer " + good}, nil, 200, "", passed},
		"missing":                   {"/", nil, nil, 401, realm, missing},
		"missing for a behavior":    {"/cart", nil, nil, 401, realm, missing},
		"empty":                     {"/", []string{""}, nil, 401, challenge, malformed},
		"empty claims":              {"/", nil, []string{""}, 401, challenge, malformed},
		"Basic":                     {"/", []string{"Basic " + good}, nil, 401, challenge, malformed},
		"no token":                  {"/", []string{"Bearer "}, nil, 401, challenge, malformed},
		"no scheme":                 {"/", []string{good}, nil, 401, challenge, malformed},
		"two blanks":                {"/", []string{"Bearer  " + good}, nil, 401, challenge, malformed},
		"two":                       {"/", twice, nil, 401, challenge, malformed},
		"two claims":                {"/", nil, []string{good, good}, 401, challenge, malformed},
		"undefined":                 {"/", []string{"Bearer undefined"}, nil, 401, challenge, malformed},
		"expired": {
			"/",
			[]string{"Bearer " + expired},
			nil, 401, realm + `, error="invalid_token", error_description="The ticket has expired."`,
			`{"error":"invalid_token","error_description":"The ticket has expired."}` + "\n",
		},
		"without the behavior": {
			"/admin",
			[]string{"Bearer " + good},
			nil, 403, `Bearer error="insufficient_scope", scope="admin"`,
			`{"error":"insufficient_scope","error_description":"The ticket does not permit this."}` + "\n",
		},
	} {
		t.Run(name, func(t *testing.T) {
			recorder := request(
				t,
				handler,
				test.path,
				http.Header{"Authorization": test.authorization, "X-Vol-User-Claims": test.claims},
			)
			if recorder.Code != test.status || recorder.Body.String() != test.answer ||
				recorder.Header().Get("WWW-Authenticate") != test.challenge {
				t.Errorf("%d, %s, %s", recorder.Code, recorder.Header().Get("WWW-Authenticate"), recorder.Body)
			}
			if test.status != http.StatusOK && (recorder.Header().Get("Cache-Control") != "no-store" ||
				recorder.Header().Get("Content-Type") != "application/json") {
				t.Error(recorder.Header())
			}
		})
	}

	i.set(func() { i.down = true })
	recorder := request(t, handler, "/", http.Header{"Authorization": {"Bearer " + opaqueToken}})
	if recorder.Code != http.StatusServiceUnavailable || recorder.Header().Get("Retry-After") != "1" ||
		recorder.Header().Get("WWW-Authenticate") != "" {
		t.Errorf("%d, %v", recorder.Code, recorder.Header())
	}
	const unavailable = `{"error":"temporarily_unavailable",` +
		`"error_description":"Tickets cannot be verified now."}` + "\n"
	if body := recorder.Body.String(); body != unavailable {
		t.Error(body)
	}

	recorder = request(t, verify.Require("cart.write", who), "/", nil)
	if recorder.Code != http.StatusForbidden {
		t.Errorf("without Middleware before it, Require answers %d", recorder.Code)
	}
}

func request(t *testing.T, handler http.Handler, path string, header http.Header) *httptest.ResponseRecorder {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, path, http.NoBody)
	for name, values := range header {
		if values != nil {
			r.Header[name] = values
		}
	}

	recorder := httptest.NewRecorder()
	handler.ServeHTTP(recorder, r)
	return recorder
}

func TestRevokedTicketsAreExplained(t *testing.T) {
	t.Parallel()

	withClock(t, func(t *testing.T, i *issuer) {
		i.publish(i.list(sessionID))
		v := i.verifier()
		follow(t, v)
		recorder := request(
			t,
			v.Middleware(http.NotFoundHandler()),
			"/",
			http.Header{"Authorization": {"Bearer " + i.token(i.claims())}},
		)

		body, err := io.ReadAll(recorder.Body)
		must(t, err)
		if string(body) != `{"error":"invalid_token","error_description":"The ticket was revoked."}`+"\n" ||
			recorder.Code != http.StatusUnauthorized {
			t.Errorf("%d, %s", recorder.Code, body)
		}
	})
}
