package verify_test

import (
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/authtickets/authtickets/verify"
)

// withClock runs a test with an issuer in a synctest bubble, where time passes only when every
// goroutine waits.
func withClock(t *testing.T, test func(t *testing.T, i *issuer)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		t.Helper()
		time.Sleep(time.Hour) // so that tests can use earlier instants
		test(t, newIssuer(t))
	})
}

// expect verifies a token. The test fails unless the error is the expected one and does not quote
// the token.
func expect(t testing.TB, v *verify.Verifier, token string, expected error) *verify.Shopper {
	t.Helper()
	shopper, err := v.Verify(t.Context(), token)
	if !errors.Is(err, expected) {
		t.Errorf("the error is %v, not %v", err, expected)
	}

	checkError(t, token, shopper, err)
	return shopper
}

func checkError(t testing.TB, token string, shopper *verify.Shopper, err error) {
	t.Helper()
	if (shopper == nil) != (err != nil) {
		t.Errorf("shopper %v and error %v", shopper, err)
	}
	if err == nil {
		return
	}

	kinds := 0
	for _, kind := range []error{verify.ErrInvalid, verify.ErrExpired, verify.ErrRevoked, verify.ErrUnavailable} {
		if errors.Is(err, kind) {
			kinds++
		}
	}

	if kinds != 1 {
		t.Errorf("%v is %d of the errors", err, kinds)
	}

	for part := range strings.SplitSeq(token, ".") {
		if len(part) > 12 && strings.Contains(err.Error(), part) {
			t.Errorf("the error quotes the token: %v", err)
		}
	}
}
