package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
)

type claims map[string]any

// issuer stands in for the authtickets server. It signs tickets, and publishes the keys and the
// list of revoked tickets.
type issuer struct {
	t   *testing.T
	url string
	key *ecdsa.PrivateKey

	mutex   sync.Mutex
	revoked claims // maps a session id to the expiration of its tickets
}

func newIssuer(t *testing.T) *issuer {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}

	i := &issuer{t: t, key: key, revoked: claims{}}
	server := httptest.NewServer(i)
	t.Cleanup(server.Close)
	i.url = server.URL

	return i
}

// ticket returns a valid jwtAccessToken. more adds or replaces claims.
func (i *issuer) ticket(userID, sessionID string, more claims) string {
	now := time.Now().Unix()
	all := claims{
		"iss": i.url, "aud": []string{i.url}, "sub": userID, "client_id": "storefront", "sid": sessionID, "jti": "1",
		"iat": now - 1, "exp": now + 900, "auth_time": now - 1, "behaviors": []string{}, "anonymous": false,
	}
	maps.Copy(all, more)

	return i.sign("at+jwt", all)
}

func (i *issuer) revoke(sessionID string) {
	i.mutex.Lock()
	defer i.mutex.Unlock()
	i.revoked[sessionID] = time.Now().Unix() + 900
}

func (i *issuer) sign(kind string, payload claims) string {
	key := jose.SigningKey{Algorithm: jose.ES256, Key: jose.JSONWebKey{Key: i.key, KeyID: "1"}}
	signer, err := jose.NewSigner(key, (&jose.SignerOptions{}).WithType(jose.ContentType(kind)))
	if err != nil {
		i.t.Error(err)
		return ""
	}

	body, _ := json.Marshal(payload)
	signed, err := signer.Sign(body)
	if err != nil {
		i.t.Error(err)
		return ""
	}

	text, _ := signed.CompactSerialize()
	return text
}

// ServeHTTP implements http.Handler.
func (i *issuer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	i.mutex.Lock()
	defer i.mutex.Unlock()

	if r.URL.Path == "/.well-known/jwks.json" {
		key := jose.JSONWebKey{Key: &i.key.PublicKey, KeyID: "1", Algorithm: string(jose.ES256), Use: "sig"}
		_ = json.NewEncoder(w).Encode(jose.JSONWebKeySet{Keys: []jose.JSONWebKey{key}})
		return
	}

	now := time.Now().Unix()
	_, _ = io.WriteString(w, i.sign("revoked-tickets+jwt", claims{
		"iss": i.url, "iat": now, "exp": now + 120, "sids": i.revoked, "applications": claims{"storefront": 1},
	}))
}
