package test_test

import (
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/authtickets/authtickets/access"
	"github.com/authtickets/authtickets/applications"
	"github.com/authtickets/authtickets/models"
)

// claimedBy signs in with an access token in x-vol-user-claims, and returns the anonymous shopper
// that the customer claimed; "" if there is none.
func (k *kiboShop) claimedBy(name, token string) string {
	k.t.Helper()
	got := k.ticket(k.trySigningIn(name, rightPassword, "198.51.100.1", nil, "x-vol-user-claims", token))
	claimed, _ := claimsOf(k.t, got.JWTAccessToken)["claimed_anonymous_sub"].(string)
	return claimed
}

// An anonymous shopper's access token at sign-in claims the shopper, exactly once.
func TestKiboClaims(t *testing.T) {
	t.Parallel()

	onEachKibo(t, func(t *testing.T, k *kiboShop) {
		k.customer("ada")
		k.customer("bob")
		for name, guest := range map[string]restTicket{
			"never refreshed": k.guest(),
			"refreshed":       k.ticket(k.tryRefreshing(k.guest().RefreshToken)),
		} {
			for range 2 { // the same customer may repeat the claim
				if got := k.claimedBy("ada", guest.AccessToken); got != guest.UserID {
					t.Errorf("%s: %s is claimed, not %s", name, got, guest.UserID)
				}
			}
			if got := k.claimedBy("bob", guest.AccessToken); got != "" {
				t.Errorf("%s: claimed by another: %s", name, got)
			}
			k.wants(name, k.tryRefreshing(guest.RefreshToken), http.StatusUnauthorized, "SIGNED_IN")
		}

		expired := k.guest()
		k.clock.Pass(15 * time.Minute)
		k.app = bearer(k.oauth().AccessToken)
		foreign := k.anonymousAt("storefront").AccessToken
		ended := k.guest()
		revoke := `mutation ($token: String!) { revokeTicket(refreshToken: $token) { sessionsEnded } }`
		expect(t, k.post(revoke, variables{"token": ended.RefreshToken}, k.app...), "")

		for name, token := range map[string]string{
			"a customer's":          k.signedIn("bob").AccessToken,
			"expired":               expired.AccessToken,
			"another application's": foreign,
			"an application's":      k.oauth().AccessToken,
			"a refresh token":       k.guest().RefreshToken,
			"signed out":            ended.AccessToken,
			"undefined":             "undefined",
			"null":                  "null",
			"[object Object]":       "[object Object]",
			"a JWT":                 k.guest().JWTAccessToken,
			"empty":                 "",
		} {
			if got := k.claimedBy("ada", token); got != "" {
				t.Errorf("%s claims %s", name, got)
			}
		}
		k.ticket(k.tryRefreshing(expired.RefreshToken))
	})
}

// Of many customers that claim the same shopper at once, one succeeds.
func TestKiboClaimsAtOnce(t *testing.T) {
	t.Parallel()

	onEachKibo(t, func(t *testing.T, k *kiboShop) {
		names := []string{"ada", "bob", "cy", "dan", "eve", "flo"}
		for _, name := range names {
			k.customer(name)
		}
		guest := k.guest()
		claimed := make([]string, len(names))
		var group sync.WaitGroup
		for i, name := range names {
			group.Go(func() { claimed[i] = k.claimedBy(name, guest.AccessToken) })
		}
		group.Wait()

		winners := 0
		for _, id := range claimed {
			if id == guest.UserID {
				winners++
			} else if id != "" {
				t.Errorf("claimed %s", id)
			}
		}
		if winners != 1 {
			t.Errorf("%d customers have claimed the shopper", winners)
		}
	})
}

// No purge makes the first refresh token of a claimed session valid again.
func TestKiboClaimsSurviveThePurge(t *testing.T) {
	t.Parallel()

	onEachKibo(t, func(t *testing.T, k *kiboShop) {
		k.customer("ada")
		guest := k.guest()
		if k.claimedBy("ada", guest.AccessToken) != guest.UserID {
			t.Fatal("not claimed")
		}

		const day = 24 * time.Hour
		expires, err := time.Parse(time.RFC3339, guest.RefreshTokenExpiration)
		must(t, err)
		for range 12 {
			left := expires.Sub(k.clock.Now())
			k.clock.Pass(min(3*day, max(left-time.Second, day)))
			_, err := k.Purge(t.Context(), 0)
			must(t, err)
			k.app = bearer(k.oauth().AccessToken)
			got := k.tryRefreshing(guest.RefreshToken)
			reason := models.Reason(got.data("reason"))
			if got.Status != http.StatusUnauthorized ||
				reason != models.ReasonSignedIn && reason != models.ReasonTokenExpired {
				t.Fatalf("%s before it expires: %d %s", left, got.Status, got.Text)
			}
		}

		k.clock.Pass(400 * day)
		must(t, errOf(k.Purge(t.Context(), 0)))
		k.app = bearer(k.oauth().AccessToken)
		k.wants("much later", k.tryRefreshing(guest.RefreshToken), http.StatusUnauthorized, "TOKEN_EXPIRED")
	})
}

// A claim outlives a refresh token that was issued under longer lifetimes.
func TestKiboClaimsWithLongLifetimes(t *testing.T) {
	t.Parallel()

	onEachKibo(t, func(t *testing.T, k *kiboShop) {
		k.customer("ada")
		k.operate(func(operator *access.Caller) error {
			_, err := k.applications.Update(t.Context(), operator, "shop-app", longLifetimes())
			return err
		})
		guest := k.guest()
		if k.claimedBy("ada", guest.AccessToken) != guest.UserID {
			t.Fatal("not claimed")
		}
		expires, err := time.Parse(time.RFC3339, guest.RefreshTokenExpiration)
		must(t, err)
		k.clock.Pass(expires.Sub(k.clock.Now()) - time.Minute)
		must(t, errOf(k.Purge(t.Context(), 0)))
		k.app = bearer(k.oauth().AccessToken)
		k.wants("just before it expires", k.tryRefreshing(guest.RefreshToken), http.StatusUnauthorized, "SIGNED_IN")
	})
}

// longLifetimes are the longest lifetimes that an application can have.
func longLifetimes() applications.Change {
	return applications.Change{
		AnonymousRefreshLifetime: new(applications.LongestSession),
		SessionLifetime:          new(applications.LongestSession),
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
