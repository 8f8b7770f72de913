package verify_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/json"
	"errors"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"

	"github.com/authtickets/authtickets/test/testkit"
	"github.com/authtickets/authtickets/verify"
)

const (
	issuerURL   = "https://tickets.shop.example"
	audience    = "https://api.shop.example"
	userID      = "0123456789abcdef0123456789abcdef"
	sessionID   = "fedcba9876543210fedcba9876543210"
	feedPath    = "/.well-known/revoked-tickets"
	keysPath    = "/.well-known/jwks.json"
	askPath     = "/oauth/introspect"
	opaqueToken = "4fzJgMnzDGaJfC2rTqPZb8kYxWvQ"
)

type claims map[string]any

// without returns a copy of the claims without one of them.
func (c claims) without(name string) claims {
	fewer := maps.Clone(c)
	delete(fewer, name)
	return fewer
}

// with returns a copy of the claims with another value for one of them.
func (c claims) with(name string, value any) claims {
	other := maps.Clone(c)
	other[name] = value
	return other
}

// issuer stands in for the server. It signs tickets, and answers a Verifier without a network, so
// that it works with the clock of synctest.
type issuer struct {
	t   testing.TB
	now func() time.Time

	mutex    sync.Mutex
	keys     map[string]*ecdsa.PrivateKey
	feed     string
	feedETag string
	live     map[string]claims
	asked    map[string]int
	answer   func(w http.ResponseWriter, r *http.Request) bool // returns true if it has answered
	down     bool
}

func newIssuer(t testing.TB) *issuer {
	t.Helper()
	i := &issuer{
		t:     t,
		now:   time.Now,
		keys:  map[string]*ecdsa.PrivateKey{},
		live:  map[string]claims{},
		asked: map[string]int{},
	}

	i.addKey("1")
	return i
}

func (i *issuer) addKey(id string) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	must(i.t, err)
	i.mutex.Lock()
	defer i.mutex.Unlock()
	i.keys[id] = key
}

func (i *issuer) set(change func()) {
	i.mutex.Lock()
	defer i.mutex.Unlock()
	change()
}

func (i *issuer) askedFor(path string) int {
	i.mutex.Lock()
	defer i.mutex.Unlock()
	return i.asked[path]
}

// claims returns the claims of a valid ticket that was issued a minute ago.
func (i *issuer) claims() claims {
	now := i.now().Unix()
	return claims{
		"iss": issuerURL, "aud": []string{audience}, "sub": userID, "client_id": "storefront", "sid": sessionID,
		"jti": "1", "iat": now - 60, "exp": now + 840, "auth_time": now - 3600,
		"behaviors": []string{"cart.read", "cart.write"}, "anonymous": false,
	}
}

// token returns a ticket with these claims, signed with the first key.
func (i *issuer) token(claims claims) string {
	return i.sign("1", header{"typ": "at+jwt"}, claims)
}

type header map[jose.HeaderKey]any

func (i *issuer) sign(keyID string, more header, claims claims) string {
	i.mutex.Lock()
	key := i.keys[keyID]
	i.mutex.Unlock()
	return sign(i.t, jose.ES256, jose.JSONWebKey{Key: key, KeyID: keyID}, more, claims)
}

func sign(t testing.TB, algorithm jose.SignatureAlgorithm, key any, more header, claims claims) string {
	t.Helper()
	signer, err := jose.NewSigner(
		jose.SigningKey{Algorithm: algorithm, Key: key}, &jose.SignerOptions{ExtraHeaders: more},
	)
	must(t, err)
	payload, err := json.Marshal(claims)
	must(t, err)
	signed, err := signer.Sign(payload)
	must(t, err)
	text, err := signed.CompactSerialize()
	must(t, err)

	return text
}

// list returns the claims of a list of revoked tickets in which these sessions have ended. The
// application is enabled.
func (i *issuer) list(sessions ...string) claims {
	now := i.now().Unix()
	ended := claims{}
	for _, session := range sessions {
		ended[session] = now + 900
	}

	return claims{
		"iss":          issuerURL,
		"iat":          now,
		"exp":          now + 120,
		"sids":         ended,
		"applications": claims{"storefront": 1},
	}
}

// publish signs a list of revoked tickets with the first key. Its ETag is the end of the signed
// text.
func (i *issuer) publish(list claims) {
	i.publishAs(i.sign("1", header{"typ": "revoked-tickets+jwt"}, list))
}

func (i *issuer) publishAs(feed string) {
	i.set(func() { i.feed, i.feedETag = feed, `"`+feed[len(feed)-8:]+`"` })
}

// ServeHTTP answers like the server.
func (i *issuer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	i.mutex.Lock()
	defer i.mutex.Unlock()

	i.asked[r.URL.Path]++
	if i.answer != nil && i.answer(w, r) {
		return
	}

	switch r.URL.Path {
	case keysPath:
		set := jose.JSONWebKeySet{}
		for id, key := range i.keys {
			set.Keys = append(
				set.Keys,
				jose.JSONWebKey{Key: &key.PublicKey, KeyID: id, Algorithm: string(jose.ES256), Use: "sig"},
			)
		}

		_ = json.NewEncoder(w).Encode(set)
	case feedPath:
		w.Header().Set("ETag", i.feedETag)
		switch {
		case i.feed == "":
			w.WriteHeader(http.StatusNotFound)
		case r.Header.Get("If-None-Match") == i.feedETag:
			i.asked["304"]++
			w.WriteHeader(http.StatusNotModified)
		default:
			_, _ = io.WriteString(w, i.feed)
		}
	case askPath:
		if id, secret, _ := r.BasicAuth(); id != "gateway" || secret != "a%2Bb" { // a+b, form-urlencoded
			w.WriteHeader(http.StatusUnauthorized)
		} else if live, ok := i.live[r.FormValue("token")]; ok {
			_ = json.NewEncoder(w).Encode(live.with("active", true))
		} else {
			_, _ = io.WriteString(w, `{"active":false}`)
		}
	default:
		w.WriteHeader(http.StatusNotFound)
	}
}

var errDown = errors.New("connection refused")

// RoundTrip implements http.RoundTripper.
func (i *issuer) RoundTrip(r *http.Request) (*http.Response, error) {
	i.mutex.Lock()
	if i.down {
		i.asked[r.URL.Path]++
		i.mutex.Unlock()
		return nil, errDown
	}

	i.mutex.Unlock()
	recorder := httptest.NewRecorder()
	i.ServeHTTP(recorder, r)

	return recorder.Result(), nil
}

func (i *issuer) settings() verify.Settings {
	return verify.Settings{
		Issuer:      issuerURL,
		Audience:    audience,
		Application: "gateway",
		Secret:      func() string { return "a+b" },
		Client:      &http.Client{Transport: i},
		Now:         i.now,
	}
}

func (i *issuer) verifier() *verify.Verifier {
	return newVerifier(i.t, i.settings())
}

func newVerifier(t testing.TB, settings verify.Settings) *verify.Verifier {
	t.Helper()
	v, err := verify.New(settings)
	must(t, err)
	return v
}

// must ends the test if there is an error.
var must = testkit.Must
