package kibo

import (
	"bytes"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/authtickets/authtickets/secret"
)

// Whatever a client sends as a body, it is refused, or read as other programs read JSON.
func FuzzDecodeBody(f *testing.F) {
	for _, body := range []string{
		`{"username":"ada","password":"x","accountId":5}`, `{"accountId":"5","other":[{}]}`, `{"accountId":{"a":1}}`,
		"null", "[]", "{", `{"username":5}`, `{"username":"a","username":"b"}`, `{"password":"\ud800"}`, "{}\xff",
		`{"accountId":1e999}`, "{} {}", "\ufeff{}", strings.Repeat(" ", longestBody) + "{}",
	} {
		f.Add([]byte(body), "application/json", "")
	}
	f.Add([]byte("{}"), "application/json; charset=utf-16", "gzip")
	f.Add([]byte("{}"), ";", "identity")

	h := &Handler{settings: Settings{BodyLimit: 64 << 10}}
	f.Fuzz(func(t *testing.T, body []byte, contentType, encoding string) {
		request := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/", bytes.NewReader(body))
		request.Header["Content-Type"], request.Header["Content-Encoding"] = []string{contentType}, []string{encoding}
		if encoding == "" {
			request.Header.Del("Content-Encoding")
		}
		var read struct {
			Username  string         `json:"username"`
			Password  secret.Text    `json:"password"`
			AccountID jsontext.Value `json:"accountId"`
		}
		status, message := h.decodeBody(httptest.NewRecorder(), request, &read)
		if status != http.StatusOK {
			if message == "" || status < 400 || status >= 500 {
				t.Errorf("refused with %d %q", status, message)
			}
			return
		}

		var want map[string]json.RawMessage
		if err := json.Unmarshal(body, &want); err != nil || len(body) > longestBody || !utf8.Valid(body) {
			t.Fatalf("%q is accepted: %v", body, err)
		}
		for name, got := range map[string]string{"username": read.Username, "password": read.Password.Reveal()} {
			text := ""
			if err := json.Unmarshal(want[name], &text); want[name] != nil && (err != nil || text != got) {
				t.Errorf("%s is read as %q from %q", name, got, body)
			}
		}

		if id, err := accountIDOf(string(read.AccountID)); err == nil && id != nil {
			var number json.Number
			if json.Unmarshal(want["accountId"], &number) != nil || number.String() == "" {
				t.Errorf("%q is read as %d", want["accountId"], *id)
			}
		}
	})
}

// The number of an account is a whole number, or the client does not say.
func FuzzAccountIDOf(f *testing.F) {
	for _, text := range []string{
		"", "null", "0", `"0"`, "5", `"5"`, "-5", "+5", "05", "1.0", "1e2", "x", `"`, "9223372036854775808",
	} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		id, err := accountIDOf(text)
		switch {
		case err != nil || id == nil:
		case strings.Trim(text, `"`) != strconv.FormatInt(*id, 10):
			t.Errorf("%q is read as %d", text, *id)
		}
	})
}
