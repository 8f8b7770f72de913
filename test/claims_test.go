package test_test

import (
	"testing"
	"time"

	"github.com/authtickets/authtickets/access"
	"github.com/authtickets/authtickets/models"
	"github.com/authtickets/authtickets/tickets"
)

// A sign-in can claim and name its device at once: a storefront always has an anonymous ticket when
// a customer signs in.
func TestClaimOnAKnownDevice(t *testing.T) {
	t.Parallel()

	onEach(t, func(t *testing.T, o *office) {
		o.customer("ada")
		device, guest := o.signIn("ada"), o.anonymous()
		got := o.trySignInWith(variables{
			"username": "ada", "password": rightPassword,
			"previousRefreshToken": guest.RefreshToken, "deviceToken": device.RefreshToken,
		}, "198.51.100.1").ticket(t, "createUserTicket")
		if got.Claim != "CLAIMED" || *got.ClaimedAnonymousUserID != guest.UserID {
			t.Errorf("%+v", got)
		}

		expect(t, o.tryRefresh(device.RefreshToken), models.ReasonSessionReplaced)
		if ids, _ := o.listed(got); len(ids) != 1 {
			t.Errorf("the sessions are %v", ids)
		}
	})
}

// The ticket says why a claim was not granted.
func TestClaimOutcomes(t *testing.T) {
	t.Parallel()

	onEach(t, func(t *testing.T, o *office) {
		o.customer("ada")
		o.customer("bob")
		backend := o.backend()
		guest := func(do func(guest ticket)) string {
			got := o.anonymous()
			do(got)
			return got.RefreshToken
		}
		expired := o.anonymous()
		o.clock.Pass(30 * 24 * time.Hour)

		for _, c := range []struct {
			want  tickets.ClaimOutcome
			token string
		}{
			{tickets.ClaimNothingToClaim, ""},
			{tickets.ClaimTokenInvalid, "undefined"},
			{tickets.ClaimTokenExpired, expired.RefreshToken},
			{tickets.ClaimClaimed, guest(func(g ticket) {
				o.refresh(o.refresh(g.RefreshToken).RefreshToken)
				o.clock.Pass(time.Minute)
			})},
			{tickets.ClaimClaimedByAnother, guest(func(g ticket) {
				o.trySignIn("bob", rightPassword, g.RefreshToken, "198.51.100.1")
			})},
			{tickets.ClaimSignedOut, guest(func(g ticket) { o.revoke(g.RefreshToken, false) })},
			{tickets.ClaimTokenReused, guest(func(g ticket) {
				o.refresh(g.RefreshToken)
				o.clock.Pass(time.Minute)
				o.tryRefresh(g.RefreshToken)
			})},
			{tickets.ClaimEndedByOperator, guest(func(g ticket) {
				g = o.refresh(g.RefreshToken)
				o.tryEndSession(g.SessionID, backend...)
			})},
		} {
			want, token := c.want, c.token
			for range 2 { // the same customer may repeat the claim
				got := o.trySignIn("ada", rightPassword, token, "198.51.100.1").ticket(t, "createUserTicket")
				if got.Claim != string(want) || (got.ClaimedAnonymousUserID != nil) != (want == tickets.ClaimClaimed) {
					t.Errorf("%s: %s, claimed %v", want, got.Claim, got.ClaimedAnonymousUserID)
				}
			}
		}

		others := o.trySignIn("ada", rightPassword, o.signIn("bob").RefreshToken, "198.51.100.1")
		if got := others.ticket(t, "createUserTicket"); got.Claim != "NOTHING_TO_CLAIM" {
			t.Errorf("a customer's: %s", got.Claim)
		}

		begun := o.anonymous()
		must(t, errOf(o.applications.Disable(t.Context(), access.Operator(), "storefront")))
		must(t, errOf(o.applications.Enable(t.Context(), access.Operator(), "storefront")))
		o.follow()
		after := o.trySignIn("ada", rightPassword, begun.RefreshToken, "198.51.100.1")
		if got := after.ticket(t, "createUserTicket"); got.Claim != "APPLICATION_DISABLED" {
			t.Errorf("a session from before the application was disabled: %s", got.Claim)
		}
	})
}
