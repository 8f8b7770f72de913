package test_test

import (
	"testing"
	"time"

	"github.com/authtickets/authtickets/models"
	"github.com/authtickets/authtickets/seal"
	"github.com/authtickets/authtickets/timing"
)

const revokeQuery = `mutation ($token: String!) { revokeTicket(refreshToken: $token) { sessionsEnded } }`

// Without the keys, the server calls no token invalid, because the token may be valid.
func TestKeysNotLoaded(t *testing.T) {
	t.Parallel()

	onEach(t, func(t *testing.T, o *office) {
		o.customer("ada")
		held := o.signIn("ada")
		keys := new(seal.Keys)
		replica := openWith(t, o.url, keys, o.clock)

		for _, got := range []answer{
			replica.post(`mutation { anonymousShopperTicket { userId } }`, nil), replica.tryRefresh(held.RefreshToken),
			replica.trySignIn("ada", rightPassword, "", ""),
			replica.trySignIn("ada", rightPassword, held.RefreshToken, ""),
			replica.currentShopper("userId", "Authorization", "Bearer "+held.AccessToken),
			replica.post(revokeQuery, variables{"token": held.RefreshToken}),
		} {
			expect(t, got, models.ReasonBusy)
		}

		o.clock.Pass(time.Second)
		o.refresh(held.RefreshToken)
	})
}

// A server that has not looked for keys recently does not refuse a token of a newer key.
func TestKeysBehind(t *testing.T) {
	t.Parallel()

	first, err := seal.NewSealKeyset()
	must(t, err)
	second, err := seal.NewSealKeyset()
	must(t, err)
	of := func(keysets ...*seal.Keyset) *seal.Keys {
		list := make([]seal.Dated, len(keysets))
		for i, keyset := range keysets {
			list[i] = seal.Dated{Keyset: keyset, Number: i + 1}
		}

		keys, err := seal.NewKeys(list...)
		must(t, err)
		return keys
	}

	onEach(t, func(t *testing.T, o *office) {
		ahead := openWith(t, o.url, of(first, second), o.clock)
		keys := of(first)
		behind := openWith(t, o.url, keys, o.clock)
		ahead.customer("ada")
		held, shopper := ahead.signIn("ada"), ahead.anonymous()
		all := func(want models.Reason) {
			t.Helper()
			expect(t, behind.tryRefresh(held.RefreshToken), want)
			expect(t, behind.currentShopper("userId", "Authorization", "Bearer "+held.AccessToken), want)
			expect(t, behind.tryRefresh("hello"), models.ReasonTokenInvalid)
		}

		keys.MarkComplete(o.clock.Now())
		all(models.ReasonTokenInvalid)
		o.clock.Pass(timing.KeysetsComplete + time.Second)
		all(models.ReasonBusy)
		expect(t, behind.post(revokeQuery, variables{"token": held.RefreshToken}), models.ReasonBusy)
		expect(t, behind.trySignIn("ada", rightPassword, shopper.RefreshToken, ""), models.ReasonBusy)
		must(t, keys.Replace([]seal.Dated{{Keyset: first, Number: 1}, {Keyset: second, Number: 2}}))
		claimed := behind.trySignIn("ada", rightPassword, shopper.RefreshToken, "").ticket(t, "createUserTicket")
		if claimed.ClaimedAnonymousUserID == nil {
			t.Error("the cart is lost")
		}

		behind.refresh(held.RefreshToken)
	})
}
