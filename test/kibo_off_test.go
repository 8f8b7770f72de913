package test_test

import (
	"net/http"
	"testing"
	"time"
)

// Without --kibo, pages get the answers that they got before the server knew Kibo's clients.
func TestPagesWithoutKibo(t *testing.T) {
	t.Parallel()

	o := open(t, sqlite(t))
	if got := o.preflight(shopOrigin, http.MethodPost, "x-vol-app-claims"); !isAllowed(got) {
		t.Errorf("%v", got)
	}
	got := o.post(`{ __typename }`, nil, "Origin", shopOrigin)
	if exposed := got.Header.Get("Access-Control-Expose-Headers"); exposed != "X-Request-Id" {
		t.Errorf("a page may read %q", exposed)
	}
	if got.Header["X-Vol-Correlation"] != nil {
		t.Errorf("%v", got.Header)
	}
}

// An access token that a shortened lifetime has ended claims nobody.
func TestKiboClaimUnderAShortenedLifetime(t *testing.T) {
	t.Parallel()

	onEach(t, func(t *testing.T, o *office) {
		k := o.kibo()
		k.customer("ada")
		guest := k.guest()
		k.clock.Pass(5 * time.Minute)
		k.Policy.AccessLifetime = time.Minute

		got := k.trySigningIn("ada", rightPassword, "198.51.100.1", nil, "x-vol-user-claims", guest.AccessToken)
		if got.Status != http.StatusOK {
			t.Fatal(got.Text)
		}
		k.Policy.AccessLifetime = time.Hour
		if refreshed := k.tryRefreshing(guest.RefreshToken); refreshed.Status != http.StatusOK {
			t.Errorf("the shopper was claimed: %s", refreshed.Text)
		}
	})
}
