package seal_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"math/big"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/authtickets/authtickets/seal"
)

type claims struct {
	Issuer    string   `json:"iss"`
	Audience  []string `json:"aud"`
	Subject   string   `json:"sub"`
	Client    string   `json:"client_id"`
	SessionID string   `json:"sid"`
	IssuedAt  int64    `json:"iat"`
	ExpiresAt int64    `json:"exp"`
	BeganAt   int64    `json:"auth_time"`
	ID        string   `json:"jti"`
	Behaviors []string `json:"behaviors"`
	Anonymous bool     `json:"anonymous"`
}

func sampleClaims() claims {
	const id = "0123456789abcdef0123456789abcdef"
	return claims{
		Issuer:    "https://tickets.example",
		Audience:  []string{"storefront"},
		Subject:   id,
		Client:    "storefront",
		SessionID: id,
		IssuedAt:  1795512600,
		ExpiresAt: 1795513500,
		BeganAt:   1795509000,
		ID:        id + "-7",
		Behaviors: []string{"cart.write", "<é>"},
		Anonymous: true,
	}
}

func dated(t testing.TB, number int, usedFrom time.Time, makeKeyset func() (*seal.Keyset, error)) seal.Dated {
	t.Helper()
	keyset, err := makeKeyset()
	if err != nil {
		t.Fatal(err)
	}
	return seal.Dated{Number: number, UsedFrom: usedFrom, Keyset: keyset}
}

// header is the header of a JWS.
type header struct{ Alg, Kid, Typ string }

// jwk is a published key.
type jwk struct{ Kty, Crv, X, Y, Alg, Use, Kid string }

// verified checks a JWS with the standard library alone, as another program would. It returns the
// header and the claims.
func verified(t *testing.T, token string, jwks []byte) (head header, signed claims) {
	t.Helper()
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		t.Fatalf("not three parts: %q", token)
	}

	raw := make([][]byte, 3)
	for i, part := range parts {
		var err error
		if raw[i], err = base64.RawURLEncoding.Strict().DecodeString(part); err != nil {
			t.Fatal(err)
		}
	}
	if err := errors.Join(json.Unmarshal(raw[0], &head), json.Unmarshal(raw[1], &signed)); err != nil {
		t.Fatal(err)
	}

	hash := sha256.Sum256([]byte(parts[0] + "." + parts[1]))
	r, s := new(big.Int).SetBytes(raw[2][:32]), new(big.Int).SetBytes(raw[2][32:])
	for _, key := range keysOf(t, jwks) {
		x, errX := base64.RawURLEncoding.DecodeString(key.X)
		y, errY := base64.RawURLEncoding.DecodeString(key.Y)
		if key.Kid != head.Kid || errX != nil || errY != nil {
			continue
		}

		public, err := ecdsa.ParseUncompressedPublicKey(elliptic.P256(), slices.Concat([]byte{4}, x, y))
		if err != nil || !ecdsa.Verify(public, hash[:], r, s) {
			t.Fatalf("the signature is wrong: %s", token)
		}

		return head, signed
	}

	t.Fatalf("no published key has the id %q: %s", head.Kid, jwks)
	return head, signed
}

func keysOf(t *testing.T, jwks []byte) []jwk {
	t.Helper()
	var set struct{ Keys []jwk }
	if err := json.Unmarshal(jwks, &set); err != nil {
		t.Fatal(err)
	}
	return set.Keys
}

// Others can verify a signature with the published keys.
func TestSign(t *testing.T) {
	t.Parallel()
	signers, err := seal.NewSigners(dated(t, 1, time.Unix(0, 0), seal.NewSignKeyset))
	if err != nil {
		t.Fatal(err)
	}

	token, err := signers.Sign("at+jwt", sampleClaims(), time.Unix(1795512600, 0))
	if err != nil {
		t.Fatal(err)
	}

	head, signed := verified(t, token, signers.JWKS())
	if head.Alg != "ES256" || head.Typ != "at+jwt" || head.Kid == "" {
		t.Errorf("the header is %+v", head)
	}

	want, _ := json.Marshal(sampleClaims())
	if got, _ := json.Marshal(signed); string(got) != string(want) {
		t.Errorf("the claims are %s\nnot %s", got, want)
	}

	keys := keysOf(t, signers.JWKS())
	if len(keys) != 1 || keys[0].Kty != "EC" || keys[0].Crv != "P-256" ||
		keys[0].Alg != "ES256" || keys[0].Use != "sig" {
		t.Errorf("published are %+v", keys)
	}
	if strings.Contains(string(signers.JWKS()), `"d"`) {
		t.Error("a private key is published")
	}
}

// The instant decides which keyset signs. All keysets are published.
func TestSignersChange(t *testing.T) {
	t.Parallel()
	begin := time.Unix(1795512600, 0)
	first := dated(t, 1, begin, seal.NewSignKeyset)
	second := dated(t, 2, begin.Add(time.Minute), seal.NewSignKeyset)
	signers, err := seal.NewSigners(first, second)
	if err != nil {
		t.Fatal(err)
	}

	kid := func(at time.Time) string {
		token, err := signers.Sign("at+jwt", sampleClaims(), at)
		if err != nil {
			t.Fatal(err)
		}
		head, _ := verified(t, token, signers.JWKS())
		return head.Kid
	}

	newest := keysOf(t, signers.JWKS())[0].Kid
	for _, offset := range []time.Duration{-time.Hour, 0, time.Minute - 1, time.Minute, time.Hour} {
		if got := kid(begin.Add(offset)) == newest; got != (offset >= time.Minute) {
			t.Errorf("after %s, signed by the newest: %t", offset, got)
		}
	}
	if keys := keysOf(t, signers.JWKS()); len(keys) != 2 {
		t.Errorf("published are %+v", keys)
	}
	if err := signers.Replace([]seal.Dated{second}); err != nil {
		t.Fatal(err)
	}
	if keys := keysOf(t, signers.JWKS()); len(keys) != 1 || kid(begin) != newest {
		t.Errorf("published are %+v", keys)
	}
}

func TestSignersNotLoaded(t *testing.T) {
	t.Parallel()
	var signers seal.Signers
	if _, err := signers.Sign("at+jwt", sampleClaims(), time.Unix(0, 0)); !errors.Is(err, seal.ErrNotLoaded) {
		t.Error(err)
	}
	if signers.JWKS() != nil {
		t.Errorf("published: %s", signers.JWKS())
	}

	wrong := dated(t, 1, time.Unix(0, 0), seal.NewSealKeyset)
	if err := signers.Replace([]seal.Dated{wrong}); err == nil {
		t.Error("Signers accept a keyset that seals")
	}
	if err := signers.Replace(nil); !errors.Is(err, seal.ErrNotLoaded) {
		t.Error(err)
	}
}

func BenchmarkSign(b *testing.B) {
	signers, err := seal.NewSigners(dated(b, 1, time.Unix(0, 0), seal.NewSignKeyset))
	if err != nil {
		b.Fatal(err)
	}

	payload := sampleClaims()
	b.ReportAllocs()
	for b.Loop() {
		if _, err := signers.Sign("at+jwt", payload, time.Unix(1795512600, 0)); err != nil {
			b.Fatal(err)
		}
	}
}
