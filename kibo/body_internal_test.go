package kibo

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/big"
	"net/http"
	"net/http/httptest"
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

		checkAccountID(t, read.AccountID)
	})
}

// checkAccountID fails unless a JSON value is read as the number that it is, or is refused.
func checkAccountID(t *testing.T, value jsontext.Value) {
	t.Helper()
	decoder := json.NewDecoder(bytes.NewReader(value))
	decoder.UseNumber()
	var text any
	_ = decoder.Decode(&text)
	want, isWhole := new(big.Int).SetString(fmt.Sprint(text), 10)

	switch got, ok := accountIDOf(httptest.NewRecorder(), textOf(value)); {
	case !ok:
		if isWhole && want.IsInt64() && want.String() == fmt.Sprint(text) {
			t.Errorf("%q is refused", value)
		}
	case text == nil, text == "", text == "null":
		if got != 0 {
			t.Errorf("%q is read as %d", value, got)
		}
	case !isWhole || !want.IsInt64() || want.Int64() != got:
		t.Errorf("%q is read as %d", value, got)
	}
}

// The number of an account is a whole number, or the client does not say.
func FuzzAccountIDOf(f *testing.F) {
	for _, text := range []string{
		"", "null", "0", `"0"`, "5", `"5"`, `"null"`, `"\u0035"`, `"\"5\""`, "-5", "-0", "05", "1.0", "1e2", "{}",
		`"+5"`, `"05"`, `"x"`, "9223372036854775807", "9223372036854775808",
	} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		value := jsontext.Value(text)
		if text == "" || value.IsValid() {
			_ = value.Compact()
			checkAccountID(t, value)
		}
	})
}
