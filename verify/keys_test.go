package verify_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"

	"github.com/authtickets/authtickets/verify"
)

func TestUnknownKeysAreFetchedOnce(t *testing.T) {
	t.Parallel()

	withClock(t, func(t *testing.T, i *issuer) {
		v := i.verifier()
		stranger, claims := strangersKey(t), i.claims()
		flood := func() {
			var all sync.WaitGroup
			for n := range 300 {
				token := sign(
					t,
					jose.ES256,
					jose.JSONWebKey{Key: stranger, KeyID: fmt.Sprint("unknown ", n)},
					header{"typ": "at+jwt"},
					claims,
				)

				all.Go(func() { expect(t, v, token, verify.ErrInvalid) })
			}

			all.Wait()
		}

		for range 3 {
			flood()
		}

		if asked := i.askedFor(keysPath); asked != 1 {
			t.Errorf("the keys were fetched %d times", asked)
		}

		i.addKey("2")
		added := i.sign("2", header{"typ": "at+jwt"}, claims)
		expect(t, v, added, verify.ErrInvalid)
		time.Sleep(5 * time.Second)
		expect(t, v, added, nil)
		flood()
		if asked := i.askedFor(keysPath); asked != 2 {
			t.Errorf("the keys were fetched %d times", asked)
		}
	})
}

func TestKeysAreFetchedAgainInTheBackground(t *testing.T) {
	t.Parallel()

	withClock(t, func(t *testing.T, i *issuer) {
		v := i.verifier()
		i.addKey("2")
		claims := i.claims().with("exp", time.Now().Unix()+36000)
		token, other := i.token(claims), i.sign("2", header{"typ": "at+jwt"}, claims)
		expect(t, v, token, nil)
		i.set(func() { delete(i.keys, "1") })
		time.Sleep(29 * time.Second)
		expect(t, v, token, nil)
		time.Sleep(time.Second)
		expect(t, v, token, nil) // this fetches the keys
		time.Sleep(time.Millisecond)
		expect(t, v, token, verify.ErrInvalid)
		expect(t, v, other, nil)

		i.set(func() { i.down = true })
		before := i.askedFor(keysPath)
		for range 10 * 60 {
			expect(t, v, other, nil)
			time.Sleep(time.Second)
		}

		if asked := i.askedFor(keysPath) - before; asked < 500 || asked > 600 {
			t.Errorf("the server was asked %d times in ten minutes", asked)
		}

		expect(t, v, token, verify.ErrUnavailable) // the server may have such a key by now
		i.set(func() { i.down = false })
		time.Sleep(time.Second)
		expect(t, v, token, verify.ErrInvalid)
	})
}

func TestKeysThatCannotBeRead(t *testing.T) {
	t.Parallel()

	withClock(t, func(t *testing.T, i *issuer) {
		token := i.token(i.claims())
		private, err := jose.JSONWebKey{Key: i.keys["1"], KeyID: "1"}.MarshalJSON()
		must(t, err)

		for name, body := range map[string]string{
			"nothing": "", "HTML": "<html>", "no keys": `{"keys":[]}`, "no set": "[]",
			"private keys": `{"keys":[` + string(private) + `]}`,
			"too long":     `{"keys":[],"pad":"` + strings.Repeat("x", 64<<10) + `"}`,
			"too many":     `{"keys":[` + strings.Repeat("{},", 100) + `{}]}`,
		} {
			i.set(func() {
				i.answer = func(w http.ResponseWriter, r *http.Request) bool {
					_, _ = io.WriteString(w, body)
					return true
				}
			})
			if expect(t, i.verifier(), token, verify.ErrUnavailable) != nil {
				t.Errorf("%s was accepted", name)
			}
		}
	})
}

func TestOtherKeysAreIgnored(t *testing.T) {
	t.Parallel()

	withClock(t, func(t *testing.T, i *issuer) {
		i.addKey("for encryption")
		i.addKey("for another algorithm")
		public := func(id, use, algorithm string) json.RawMessage {
			key, err := jose.JSONWebKey{
				Key:       &i.keys[id].PublicKey,
				KeyID:     id,
				Use:       use,
				Algorithm: algorithm,
			}.MarshalJSON()

			must(t, err)
			return key
		}

		set := mustJSON(t, map[string]any{"keys": []any{
			claims{"kty": "AKP", "alg": "ML-DSA-99", "kid": "later"},
			claims{"kty": "oct", "k": "AAAA", "kid": "secret"},
			claims{},
			public("for encryption", "enc", ""), public("for another algorithm", "sig", "ES384"), public("1", "", ""),
		}})

		i.answer = func(w http.ResponseWriter, r *http.Request) bool {
			_, _ = io.WriteString(w, set)
			return true
		}
		v := i.verifier()
		expect(t, v, i.token(i.claims()), nil)
		expect(t, v, i.sign("for encryption", header{"typ": "at+jwt"}, i.claims()), verify.ErrInvalid)
		expect(t, v, i.sign("for another algorithm", header{"typ": "at+jwt"}, i.claims()), verify.ErrInvalid)
	})
}

// hanging is a server that accepts a request and never answers.
type hanging struct{}

func (hanging) RoundTrip(r *http.Request) (*http.Response, error) {
	<-r.Context().Done()
	return nil, r.Context().Err()
}

func TestAServerThatHangs(t *testing.T) {
	t.Parallel()

	withClock(t, func(t *testing.T, i *issuer) {
		settings := i.settings()
		settings.Client = &http.Client{Transport: hanging{}}
		for _, token := range []string{i.token(i.claims()), opaqueToken} {
			begin := time.Now()
			expect(t, newVerifier(t, settings), token, verify.ErrUnavailable)
			if took := time.Since(begin); took != 3*time.Second {
				t.Errorf("it took %s", took)
			}

			begin = time.Now()
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			_, err := newVerifier(t, settings).Verify(ctx, token)
			cancel()
			checkError(t, token, nil, err)
			if took := time.Since(begin); took != time.Second {
				t.Errorf("it took %s", took)
			}

			time.Sleep(time.Minute) // until the requests have timed out
		}
	})
}
