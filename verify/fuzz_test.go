package verify_test

import (
	"strings"
	"testing"
	"time"

	"github.com/authtickets/authtickets/verify"
)

// Of all texts, only exactly the signed one is accepted.
func FuzzVerify(f *testing.F) {
	i := newIssuer(f)
	now := time.Now()
	i.now = func() time.Time { return now }
	v := i.verifier()
	good := i.token(i.claims())

	for _, token := range []string{
		good, i.token(i.claims().with("exp", 1)),
		i.sign("1", header{"typ": "JWT", "jku": "https://evil.example"}, i.claims()), opaqueToken,
		"eyJhbGciOiJub25lIn0.e30.", "..", "",
		"eyJhbGciOiJFUzI1NiIsImtpZCI6IjIiLCJ0eXAiOiJhdCtqd3QifQ.e30." + strings.Repeat("A", 86),
	} {
		f.Add(token)
	}

	f.Fuzz(func(t *testing.T, token string) {
		shopper, err := v.Verify(t.Context(), token)
		checkError(t, token, shopper, err)
		if err == nil && token != good {
			t.Errorf("%q was accepted", token)
		}
		if fetched := i.askedFor(keysPath); fetched > 1 {
			t.Errorf("the keys were fetched %d times", fetched)
		}
	})
}

func BenchmarkVerify(b *testing.B) {
	i := newIssuer(b)
	v := i.verifier()
	token := i.token(i.claims())
	expect(b, v, token, nil)
	b.ReportAllocs()

	for b.Loop() {
		if _, err := v.Verify(b.Context(), token); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkVerifyOpaque(b *testing.B) {
	i := newIssuer(b)
	i.live[opaqueToken] = i.introspection()
	settings := i.settings()
	now := time.Now()
	settings.Now = func() time.Time { return now }
	v := newVerifier(b, settings)
	b.ReportAllocs()

	for b.Loop() {
		if _, err := v.Verify(b.Context(), opaqueToken); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkVerifyForged(b *testing.B) {
	i := newIssuer(b)
	v := i.verifier()
	token := i.token(i.claims())
	expect(b, v, token, nil)
	forged := token[:len(token)-4] + "AAAA"
	b.ReportAllocs()

	for b.Loop() {
		if shopper, _ := v.Verify(b.Context(), forged); shopper != nil {
			b.Fatal(verify.ErrInvalid)
		}
	}
}
