package program_test

import (
	"crypto"
	"crypto/hmac"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"

	"github.com/authtickets/authtickets/storage/storagetest"
)

// A JWT is not one of our tokens, no matter who seems to have signed it. The server fetches nothing
// that it links to.
func TestForeignTokens(t *testing.T) {
	t.Parallel()

	fetched := make(chan string, 1000)
	elsewhere := httptest.NewServer(
		http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { fetched <- r.URL.Path }),
	)
	t.Cleanup(elsewhere.Close)
	s := newSite(t, storagetest.SQLite(t))
	ada := s.customer("ada", rightPassword)
	keyset, err := os.ReadFile(s.keys)
	must(t, err)
	private, err := rsa.GenerateKey(rand.Reader, 2048)
	must(t, err)
	public := map[string]any{"kty": "RSA", "e": "AQAB", "n": base64.RawURLEncoding.EncodeToString(private.N.Bytes())}

	type signature func(text string) []byte
	unsigned := func(string) []byte { return nil }
	zeros := func(string) []byte { return make([]byte, 64) }
	hs256 := func(key []byte) signature {
		return func(text string) []byte {
			mac := hmac.New(sha256.New, key)
			mac.Write([]byte(text))
			return mac.Sum(nil)
		}
	}

	rs256 := func(text string) []byte {
		sum := sha256.Sum256([]byte(text))
		signed, err := rsa.SignPKCS1v15(nil, private, crypto.SHA256, sum[:])
		must(t, err)
		return signed
	}

	part := func(value any) string {
		text, err := json.Marshal(value)
		must(t, err)
		return base64.RawURLEncoding.EncodeToString(text)
	}
	server := s.start()
	for name, c := range map[string]struct {
		header variables
		sign   signature
	}{
		"none": {variables{"alg": "none"}, unsigned}, "None": {variables{"alg": "None"}, unsigned},
		"no algorithm":          {variables{}, unsigned},
		"HS256, no key":         {variables{"alg": "HS256"}, hs256(nil)},
		"HS256, guessed":        {variables{"alg": "HS256"}, hs256([]byte("secret"))},
		"HS256, our keyset":     {variables{"alg": "HS256"}, hs256(keyset)},
		"HS256, the public key": {variables{"alg": "HS256"}, hs256(private.N.Bytes())},
		"RS256":                 {variables{"alg": "RS256"}, rs256},
		"jwk":                   {variables{"alg": "RS256", "jwk": public}, rs256},
		"jku":                   {variables{"alg": "RS256", "jku": elsewhere.URL + "/jku"}, rs256},
		"x5u":                   {variables{"alg": "RS256", "x5u": elsewhere.URL + "/x5u"}, rs256},
		"kid":                   {variables{"alg": "HS256", "kid": "../../../../dev/null"}, hs256(nil)},
		"zeros":                 {variables{"alg": "ES256"}, zeros},
		"crit":                  {variables{"alg": "RS256", "crit": []string{"exp"}}, rs256},
		"zip":                   {variables{"alg": "RS256", "zip": "DEF"}, rs256},
		"iss":                   {variables{"alg": "RS256", "iss": elsewhere.URL + "/iss"}, rs256},
	} {
		header := c.header
		header["typ"] = "JWT"
		text := part(header) + "." + part(variables{
			"sub":       ada.UserID.String(),
			"userId":    ada.UserID.String(),
			"iss":       elsewhere.URL,
			"exp":       1 << 40,
			"behaviors": []string{"cart.write"},
		})

		token := text + "." + base64.RawURLEncoding.EncodeToString(c.sign(text))
		for _, refused := range []answer{
			server.ask(refreshOperation(token)),
			server.ask(accountOperation(), "Authorization", "Bearer "+token),
			server.ask(accountOperation(), "x-vol-user-claims", token),
		} {
			if refused.Reason() != "TOKEN_INVALID" {
				t.Errorf("%s: %s", name, refused.Text)
			}
		}

		if ended := server.ask(revokeOperation(token, true)).sessionsEnded(t); ended != 0 {
			t.Errorf("%s: ended %d sessions", name, ended)
		}
		if server.ticket(signInOperation("ada", rightPassword, token)).ClaimedAnonymousUserID != nil {
			t.Errorf("%s: claims somebody", name)
		}
	}

	if len(fetched) > 0 {
		t.Errorf("fetched %s", <-fetched)
	}
}

// A client may send any text of any length as a token.
func TestTextsThatAreNoTokens(t *testing.T) {
	t.Parallel()

	server := newSite(t, storagetest.SQLite(t)).start()
	for name, token := range map[string]string{
		"empty": "", "blank": " ", "NUL": "\x00", "emoji": "🎫", "30 kB": strings.Repeat("A", 30_000),
		"100 kB": strings.Repeat("A", 100_000), "undefined": "undefined", "null": "null",
	} {
		operation := refreshOperation(token)
		got := server.ask(operation)
		if long := len(token) > 64<<10; long && got.Status != http.StatusRequestEntityTooLarge ||
			!long && got.Reason() != "TOKEN_INVALID" {
			t.Errorf("%s: %d %.300s", name, got.Status, got.Text)
		}
		if strings.ContainsFunc(token, func(r rune) bool { return r < ' ' }) {
			continue // no client sends such a header
		}

		for _, header := range []string{"Authorization", "x-vol-user-claims"} {
			value := token
			if header == "Authorization" {
				value = "Bearer " + token
			}

			got := server.ask(accountOperation(), header, value)
			if long := len(token) > 16<<10; long && got.Status != http.StatusRequestHeaderFieldsTooLarge ||
				!long && got.Code() != "UNAUTHENTICATED" {
				t.Errorf("%s in %s: %d %.300s", name, header, got.Status, got.Text)
			}
		}
	}
}
