package verify_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/google/go-cmp/cmp"

	"github.com/authtickets/authtickets/verify"
)

func TestVerifyReturnsTheShopper(t *testing.T) {
	t.Parallel()

	withClock(t, func(t *testing.T, i *issuer) {
		v := i.verifier()
		now := time.Now().UTC()
		shopper := expect(t, v, i.token(i.claims().with("claimed_anonymous_sub", sessionID)), nil)
		want := &verify.Shopper{
			UserID:                 userID,
			SessionID:              sessionID,
			Application:            "storefront",
			Behaviors:              []string{"cart.read", "cart.write"},
			ClaimedAnonymousUserID: sessionID,
			IssuedAt:               now.Add(-time.Minute),
			StartedAt:              now.Add(-time.Hour),
			ExpiresAt:              now.Add(14 * time.Minute),
		}
		if diff := cmp.Diff(want, shopper); diff != "" {
			t.Error(diff)
		}

		if !shopper.Has("cart.write") || shopper.Has("cart") || (*verify.Shopper)(nil).Has("cart.write") {
			t.Error("Has does not report what the ticket permits")
		}

		anonymous := expect(
			t,
			v,
			i.token(i.claims().with("anonymous", true).with("behaviors", []string{}).with("aud", audience)),
			nil,
		)
		if !anonymous.IsAnonymous || len(anonymous.Behaviors) > 0 {
			t.Errorf("%+v", anonymous)
		}
		if asked := i.askedFor(keysPath); asked != 1 {
			t.Errorf("the keys were fetched %d times", asked)
		}

		most := make([]string, 100) // as many and as long as an application may have
		for n := range most {
			most[n] = fmt.Sprintf("%064d", n)
		}

		if full := expect(t, v, i.token(i.claims().with("behaviors", most)), nil); !full.Has(most[99]) {
			t.Error("a ticket with as many behaviors as an application may have was refused")
		}
	})
}

func TestVerifyRefusesClaims(t *testing.T) {
	t.Parallel()

	withClock(t, func(t *testing.T, i *issuer) {
		v, good, now := i.verifier(), i.claims(), time.Now().Unix()
		expect(t, v, i.token(good), nil)
		for name := range good {
			expect(t, v, i.token(good.without(name)), verify.ErrInvalid)
			expect(t, v, i.token(good.with(name, nil)), verify.ErrInvalid)
			expect(t, v, i.token(good.with(name, claims{})), verify.ErrInvalid)
		}

		for name, values := range map[string][]any{
			"iss": {
				issuerURL + "/", "https://TICKETS.shop.example", "http://tickets.shop.example", "",
			},
			"aud": {
				[]string{}, []string{"https://other.shop.example"}, "https://api.shop.example/", []any{audience, 1},
			},
			"sub":                   {"", strings.ToUpper(userID), userID[1:], userID + "0", "x" + userID[1:]},
			"sid":                   {"", strings.ToUpper(sessionID), sessionID[1:]},
			"client_id":             {"", 1},
			"jti":                   {"", 1},
			"iat":                   {0, -1, now + 6, now + 3600, 1.5, "1", 1 << 60},
			"exp":                   {0, -1, 1 << 60, "9999999999", float64(now) + 100.5},
			"auth_time":             {0, -1, 1 << 60},
			"behaviors":             {"cart.write", []any{1}, nil},
			"anonymous":             {"false", 0, nil},
			"claimed_anonymous_sub": {"somebody", 1},
		} {
			for _, value := range values {
				if shopper := expect(t, v, i.token(good.with(name, value)), verify.ErrInvalid); shopper != nil {
					t.Errorf("%s: %v was accepted", name, value)
				}
			}
		}

		expect(t, v, i.token(good.with("exp", now)), verify.ErrExpired)
		expect(t, v, i.token(good.with("exp", now-1)), verify.ErrExpired)
		expect(t, v, i.token(good.with("exp", now+1)), nil)
		expect(t, v, i.token(good.with("iat", now+5)), nil)
		expect(t, v, i.token(good.with("anything", claims{"else": 1})), nil)
	})
}

func TestVerifyRefusesForgeries(t *testing.T) {
	t.Parallel()

	withClock(t, func(t *testing.T, i *issuer) {
		v, good := i.verifier(), i.claims()
		typ := header{"typ": "at+jwt"}
		token := i.token(good)
		expect(t, v, token, nil)
		fetched := i.askedFor(keysPath)

		public, stranger := &i.keys["1"].PublicKey, strangersKey(t)
		bytes, err := public.Bytes()
		must(t, err)
		asJSON, err := jose.JSONWebKey{Key: public, KeyID: "1"}.MarshalJSON()
		must(t, err)
		own := jose.JSONWebKey{Key: stranger, KeyID: "1"}
		elsewhere := header{
			"typ": "at+jwt",
			"jku": "https://evil.example/jwks.json",
			"x5u": "https://evil.example/x5u",
			"jwk": jose.JSONWebKey{Key: &stranger.PublicKey, KeyID: "1"},
		}

		_, payload, _ := strings.Cut(token, ".")
		payload, signature, _ := strings.Cut(payload, ".")
		part := func(header string) string { return base64.RawURLEncoding.EncodeToString([]byte(header)) }
		const head = `"kid":"1","typ":"at+jwt"`
		signed := "." + payload + "." + signature
		zeros := base64.RawURLEncoding.EncodeToString(make([]byte, 64))
		other := part(mustJSON(t, good.with("sub", sessionID)))
		pathKey := jose.JSONWebKey{Key: stranger, KeyID: "../../dev/null"}
		critical := func(name jose.HeaderKey, value any) header {
			return header{"typ": "at+jwt", "crit": []jose.HeaderKey{name}, name: value}
		}

		for name, forged := range map[string]string{
			"a stranger's key":             sign(t, jose.ES256, own, typ, good),
			"a key in its own header":      sign(t, jose.ES256, own, elsewhere, good),
			"the public key as a secret":   sign(t, jose.HS256, jose.JSONWebKey{Key: bytes, KeyID: "1"}, typ, good),
			"the JWK as a secret":          sign(t, jose.HS256, jose.JSONWebKey{Key: asJSON, KeyID: "1"}, typ, good),
			"no type":                      i.sign("1", nil, good),
			"the type of an id token":      i.sign("1", header{"typ": "JWT"}, good),
			"its type in capitals":         i.sign("1", header{"typ": "AT+JWT"}, good),
			"the type of a list":           i.sign("1", header{"typ": "revoked-tickets+jwt"}, good),
			"something critical":           i.sign("1", critical("exp", 1), good),
			"a critical b64":               i.sign("1", critical("b64", true), good),
			"no key id":                    sign(t, jose.ES256, i.keys["1"], typ, good),
			"alg none":                     part(`{"alg":"none",`+head+`}`) + "." + payload + ".",
			"alg None with the signature":  part(`{"alg":"None",`+head+`}`) + "." + payload + "." + signature,
			"alg twice":                    part(`{"alg":"none","alg":"ES256",`+head+`}`) + signed,
			"a signature of zeros":         part(`{"alg":"ES256",`+head+`}`) + "." + payload + "." + zeros,
			"no signature":                 strings.TrimSuffix(token, signature),
			"no claims":                    part(`{"alg":"ES256",`+head+`}`) + ".." + signature,
			"nothing":                      "..",
			"JSON serialization":           `{"payload":"` + payload + `","protected":".","signature":"."}`,
			"a line break":                 token[:20] + "\n" + token[20:],
			"a blank before":               " " + token,
			"padding":                      token + "==",
			"other leftover bits":          token[:len(token)-1] + nextLetter(token[len(token)-1]),
			"encrypted":                    part(`{"alg":"dir","enc":"A256GCM",`+head+`}`) + "..." + payload + ".",
			"too long":                     i.token(good.with("pad", strings.Repeat("x", 12<<10))),
			"deeply nested":                part(strings.Repeat("[", 5000)) + "." + payload + "." + signature,
			"a key id that is a path":      sign(t, jose.ES256, pathKey, typ, good),
			"empty":                        "",
			"NUL":                          token + "\x00",
			"not UTF-8":                    token[:30] + "\xff" + token[31:],
			"the claims of another ticket": strings.Replace(token, payload, other, 1),
		} {
			if shopper := expect(t, v, forged, verify.ErrInvalid); shopper != nil {
				t.Errorf("%s was accepted", name)
			}
		}

		for at := range len(token) {
			changed := token[:at] + nextLetter(token[at]) + token[at+1:]
			expect(t, v, changed, verify.ErrInvalid)
		}

		expect(t, v, i.sign("1", elsewhere, good), nil) // signed with the right key; keys in the header are ignored
		if asked := i.askedFor(keysPath); asked != fetched {
			t.Errorf("the keys were fetched %d times more", asked-fetched)
		}

		for path := range i.asked {
			if path != keysPath {
				t.Errorf("%s was asked for", path)
			}
		}
	})
}

// nextLetter returns the next letter of the base64url alphabet, so that the lowest bit changes.
func nextLetter(letter byte) string {
	const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
	return string(letters[(strings.IndexByte(letters, letter)+1)%64])
}

func strangersKey(t testing.TB) *ecdsa.PrivateKey {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	must(t, err)
	return key
}

func mustJSON(t testing.TB, value any) string {
	t.Helper()
	text, err := json.Marshal(value)
	must(t, err)
	return string(text)
}

func TestVerifyAsksARealServer(t *testing.T) {
	t.Parallel()

	i := newIssuer(t)
	server := httptest.NewServer(i)
	defer server.Close()

	i.live[opaqueToken] = i.introspection().with("iss", server.URL)
	settings := i.settings()
	settings.Issuer, settings.Client = server.URL, nil
	v := newVerifier(t, settings)
	expect(t, v, i.token(i.claims().with("iss", server.URL)), nil)
	expect(t, v, opaqueToken, nil)

	settings.Issuer, settings.Server = issuerURL, server.URL+"/"
	v = newVerifier(t, settings)
	expect(t, v, i.token(i.claims()), nil)
	expect(t, v, opaqueToken, verify.ErrUnavailable) // it answers for another issuer

	elsewhere := httptest.NewServer(http.RedirectHandler(server.URL, http.StatusTemporaryRedirect))
	defer elsewhere.Close()

	settings.Server = elsewhere.URL
	v = newVerifier(t, settings)
	expect(t, v, i.token(i.claims()), verify.ErrUnavailable)
	expect(t, v, opaqueToken, verify.ErrUnavailable)
}
