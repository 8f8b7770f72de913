package test_test

import (
	"strings"
	"testing"
	"time"

	"github.com/authtickets/authtickets/models"
)

func TestRevoke(t *testing.T) {
	t.Parallel()

	onEach(t, func(t *testing.T, o *office) {
		o.customer("ada")
		for name, got := range map[string]ticket{
			"anonymous": o.anonymous(), "refreshed": o.refresh(o.anonymous().RefreshToken), "customer": o.signIn("ada"),
		} {
			if ended := o.revoke(got.RefreshToken, false); ended != 1 {
				t.Errorf("%s: %d sessions ended", name, ended)
			}
			if ended := o.revoke(got.RefreshToken, false); ended != 0 {
				t.Errorf("%s: %d sessions ended the second time", name, ended)
			}

			expect(t, o.tryRefresh(got.RefreshToken), models.ReasonSignedOut)
		}

		for _, token := range []string{"", "x", strings.Repeat("A", 1000), o.anonymous().AccessToken} {
			if ended := o.revoke(token, true); ended != 0 {
				t.Errorf("%.20q: %d sessions ended", token, ended)
			}
		}

		// Any token of the session works, even one that was used long ago or has expired.
		for name, everywhere := range map[string]bool{"used long ago": false, "everywhere": true} {
			for shopper, first := range map[string]ticket{"customer": o.signIn("ada"), "anonymous": o.anonymous()} {
				last := o.refresh(o.refresh(first.RefreshToken).RefreshToken)
				o.clock.Pass(31 * time.Second)
				if ended := o.revoke(first.RefreshToken, everywhere); ended != 1 {
					t.Errorf("%s, %s: %d sessions ended", name, shopper, ended)
				}

				want := models.ReasonSignedOut
				if everywhere {
					want = models.ReasonSignedOutEverywhere
				}

				expect(t, o.tryRefresh(last.RefreshToken), want)
			}
		}

		const day = 24 * time.Hour
		for shopper, begin := range map[string]func() ticket{
			"customer":  func() ticket { return o.signIn("ada") },
			"anonymous": o.anonymous,
		} {
			first := begin()
			o.clock.Pass(13 * day)
			last := o.refresh(first.RefreshToken)
			o.clock.Pass(time.Duration(first.RefreshTokenLifetime)*time.Second - 13*day)
			expect(t, o.tryRefresh(first.RefreshToken), models.ReasonTokenExpired)
			if ended := o.revoke(first.RefreshToken, false); ended != 1 {
				t.Errorf("%s: an expired token ended %d sessions", shopper, ended)
			}

			expect(t, o.tryRefresh(last.RefreshToken), models.ReasonSignedOut)
		}
	})
}

func TestRevokeEverywhere(t *testing.T) {
	t.Parallel()

	onEach(t, func(t *testing.T, o *office) {
		o.customer("ada")
		o.customer("bob")
		phone, laptop, bobs, stranger := o.signIn("ada"), o.signIn("ada"), o.signIn("bob"), o.anonymous()
		signedOut := o.signIn("ada")
		o.revoke(signedOut.RefreshToken, false)
		if ended := o.revoke(phone.RefreshToken, true); ended != 2 {
			t.Errorf("%d sessions ended", ended)
		}

		expect(t, o.tryRefresh(phone.RefreshToken), models.ReasonSignedOutEverywhere)
		expect(t, o.tryRefresh(laptop.RefreshToken), models.ReasonSignedOutEverywhere)
		expect(t, o.tryRefresh(signedOut.RefreshToken), models.ReasonSignedOut)
		o.refresh(bobs.RefreshToken)
		if ended := o.revoke(stranger.RefreshToken, true); ended != 1 {
			t.Errorf("%d sessions ended for an anonymous shopper", ended)
		}
	})
}
