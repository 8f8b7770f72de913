package test_test

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/authtickets/authtickets/storage/storagetest"
)

// FuzzKibo sends arbitrary requests to the resources of Kibo's clients. Each answer must be a
// ticket or an error in their shape, and the server must neither fail nor reveal a secret.
func FuzzKibo(f *testing.F) {
	seeds := []struct{ method, path, query, body string }{
		{http.MethodGet, anonymousPath, "responseFields=userId,customerAccount(id,-attributes)", ""},
		{http.MethodPost, shopperPath, "", `{"username":"ada","password":"` + fuzzedPassword + `","accountId":"1"}`},
		{http.MethodPost, shopperPath, "responseFields=a(b", `{"username":"ada","password":"` + fuzzedPassword + `"}`},
		{http.MethodPut, refreshPath + "/", "refreshToken=" + fuzzedToken + "&accountId=5", ""},
		{http.MethodPut, refreshPath, "refreshToken=&refreshToken=%zz;", `{"refreshToken":"` + fuzzedToken + `"}`},
		{http.MethodPost, oauthPath, "", `{"client_id":"` + kiboClientID + `","client_secret":"` + fuzzedPassword +
			`","grant_type":"client_credentials","refresh_token":"` + fuzzedToken + `"}`},
		{http.MethodPost, applicationPath, "", `{"applicationId":"shop-app","sharedSecret":"` + fuzzedPassword + `"}`},
		{http.MethodPut, renewPath, "", `{"refreshToken":"` + fuzzedToken + `"}`},
		{http.MethodDelete, applicationPath + "/" + fuzzedToken, "responseFields=", ""},
		{http.MethodGet, tenantPath, "", ""},
		{http.MethodGet, "/api/platform/tenants/%2e%2e/x", "", ""},
		{http.MethodPost, shopperPath + "/otp/auth", "", `{}`},
		{"QUERY", "/api", fuzzedToken, ""},
		{http.MethodPost, shopperPath, "", strings.Repeat(`{"a":`, 2000)},
	}
	for i, seed := range seeds {
		for _, value := range []string{"", "undefined", "Bearer " + fuzzedToken, "7"} {
			f.Add(seed.method, seed.path, seed.query, []byte(seed.body), value, byte(i))
		}
	}

	k := open(f, storagetest.SQLite(f)).kibo()
	k.customer("ada")
	headers := []string{
		"Authorization", "X-Vol-App-Claims", "X-Vol-User-Claims", "X-Vol-Site", "X-Forwarded-For", "Content-Encoding",
		"X-Shopper-Address", "Content-Type",
	}
	f.Fuzz(func(t *testing.T, method, path, query string, body []byte, value string, flags byte) {
		if !strings.HasPrefix(path, "/api/") {
			path = "/api/" + path
		}
		request := (&http.Request{
			Method:        method,
			URL:           &url.URL{Path: path, RawQuery: query},
			Header:        http.Header{"Content-Type": {jsonType}},
			Body:          io.NopCloser(bytes.NewReader(body)),
			ContentLength: int64(len(body)),
			RemoteAddr:    "198.51.100.1:4711",
		}).WithContext(t.Context())
		if flags&1 != 0 {
			request.Header.Set("Authorization", k.app[1])
		}
		if value != "" {
			request.Header.Set(headers[int(flags>>1)%len(headers)], value)
		}

		k.log.clear()
		recorder := httptest.NewRecorder()
		k.handler.ServeHTTP(recorder, request)
		k.checkFuzzed(t, recorder)
		k.clock.Pass(time.Second) // so that not every sign-in must wait
		if k.clock.Now().Sub(begin) > 50*time.Minute {
			k.clock.Pass(-50 * time.Minute) // the application's token would expire
		}
	})
}

func (k *kiboShop) checkFuzzed(t *testing.T, recorder *httptest.ResponseRecorder) {
	t.Helper()
	text, logged := recorder.Body.String(), k.log.String()
	isRefused := recorder.Code >= http.StatusBadRequest
	var got struct {
		restTicket
		restError
	}
	mediaType := recorder.Header().Get("Content-Type")
	switch {
	case recorder.Code == http.StatusNotFound && strings.HasPrefix(mediaType, "text/plain"): // not a clean path
		return
	case recorder.Code >= http.StatusInternalServerError && recorder.Code != http.StatusNotImplemented:
		t.Errorf("status %d: %s", recorder.Code, logged)
	case text == "" && !isRefused:
		return
	case mediaType != jsonType+"; charset=utf-8":
		t.Errorf("media type %q", mediaType)
	}
	if err := json.Unmarshal([]byte(text), &got); err != nil || !strings.HasPrefix(text, "{") {
		t.Errorf("not a JSON object: %q", text)
	}
	if isRefused != (got.ErrorCode != "") || isRefused && (got.Message == "" || len(got.Items) != 1) {
		t.Errorf("%d %s", recorder.Code, text)
	}

	for name, values := range recorder.Header() {
		text += name + strings.Join(values, ",")
	}
	if strings.Contains(text+logged, fuzzedPassword) || strings.Contains(text+logged, fuzzedToken) {
		t.Errorf("a secret is revealed: %s\n%s", text, logged)
	}
	if strings.Contains(logged, `"level":"ERROR"`) {
		t.Errorf("the log has an error: %s", logged)
	}
}
