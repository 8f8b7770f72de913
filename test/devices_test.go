package test_test

import (
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"github.com/authtickets/authtickets/access"
	"github.com/authtickets/authtickets/accounts"
	"github.com/authtickets/authtickets/models"
)

func (o *office) signInOn(device ticket, name string) ticket {
	o.t.Helper()
	return o.trySignInOn(device.RefreshToken, name, rightPassword, "198.51.100.1").ticket(o.t, "createUserTicket")
}

// listed returns the ids of a shopper's sessions, newest first, and the id of the current one.
func (o *office) listed(of ticket) (ids []string, current string) {
	o.t.Helper()
	got := o.currentShopper("sessions { id isCurrent }", bearer(of.AccessToken)...)
	expect(o.t, got, "")
	var shopper struct {
		Sessions []struct {
			ID        string
			IsCurrent bool
		}
	}

	must(o.t, json.Unmarshal(got.Data["currentShopper"], &shopper))
	for _, session := range shopper.Sessions {
		ids = append(ids, session.ID)
		if session.IsCurrent {
			current += session.ID
		}
	}

	return ids, current
}

// One device has one session, from the last sign-in.
func TestDeviceHasOneSession(t *testing.T) {
	t.Parallel()

	onEach(t, func(t *testing.T, o *office) {
		o.customer("ada")
		phone, laptop := o.signIn("ada"), o.signIn("ada")
		for range 3 {
			used := phone
			o.refresh(used.RefreshToken)
			o.clock.Pass(time.Minute)
			phone = o.signInOn(used, "ada") // any token of the session identifies the device
			expect(t, o.tryRefresh(used.RefreshToken), models.ReasonSessionReplaced)
		}

		ids, current := o.listed(phone)
		if len(ids) != 2 || current != phone.SessionID || ids[1] != laptop.SessionID {
			t.Errorf("the sessions are %v, the current one is %s", ids, current)
		}

		o.clock.Pass(20 * 24 * time.Hour)
		if got := o.signInOn(phone, "ada"); got.Claim != "NOTHING_TO_CLAIM" || got.IsAnonymous {
			t.Errorf("%+v", got)
		}
	})
}

// A token identifies a known device, unless its session ended because someone else may have the
// token.
func TestWhichTokensIdentifyADevice(t *testing.T) {
	t.Parallel()

	onEach(t, func(t *testing.T, o *office) {
		backend := o.backend()
		for name, c := range map[string]struct {
			end     func(account *models.CustomerAccount, device ticket)
			isKnown bool
		}{
			"alive":   {func(*models.CustomerAccount, ticket) {}, true},
			"expired": {func(*models.CustomerAccount, ticket) { o.clock.Pass(15 * 24 * time.Hour) }, true},
			"signed out": {func(_ *models.CustomerAccount, device ticket) {
				o.revoke(device.RefreshToken, false)
			}, true},
			"replaced": {func(account *models.CustomerAccount, device ticket) {
				o.signInOn(device, *account.UserName)
			}, true},
			"stolen": {func(_ *models.CustomerAccount, device ticket) {
				o.refresh(device.RefreshToken)
				o.clock.Pass(time.Minute)
				expect(t, o.tryRefresh(device.RefreshToken), models.ReasonTokenReused)
			}, false},
			"everywhere": {func(_ *models.CustomerAccount, device ticket) {
				o.revoke(device.RefreshToken, true)
			}, false},
			"password": {func(account *models.CustomerAccount, _ ticket) {
				must(t, errOf(o.Accounts.SetPassword(t.Context(), access.Operator(),
					accounts.Key{ID: account.ID}, secretText(rightPassword), nil)))
			}, false},
			"operator": {func(_ *models.CustomerAccount, device ticket) {
				expect(t, o.tryEndSession(device.SessionID, backend...), "")
				expect(t, o.tryRefresh(device.RefreshToken), models.ReasonEndedByOperator)
			}, false},
			"inactive": {func(account *models.CustomerAccount, _ ticket) {
				must(t, errOf(o.Accounts.Deactivate(t.Context(), access.Operator(), accounts.Key{ID: account.ID}, nil)))
				must(t, errOf(o.Accounts.Activate(t.Context(), access.Operator(), accounts.Key{ID: account.ID}, nil)))
			}, false},
		} {
			account := o.customer(name)
			device := o.signIn(name)
			c.end(account, device)
			o.lockByGuessing(name)
			got := o.trySignInOn(device.RefreshToken, name, rightPassword, "198.51.100.1")
			if isKnown := got.Reason() == ""; isKnown != c.isKnown {
				t.Errorf("%s: known %t: %s", name, isKnown, got.Text)
			}

			o.clock.Pass(time.Hour)
		}
	})
}

// lockByGuessing locks an account with wrong passwords from many sources.
func (o *office) lockByGuessing(name string) {
	o.t.Helper()
	for source := range 4 {
		for range 5 {
			o.trySignIn(name, "wrong", "", fmt.Sprintf("203.0.113.%d", source))
		}
	}

	expect(o.t, o.trySignIn(name, rightPassword, "", "198.51.100.2"), models.ReasonAccountLocked)
}

// A token of someone else, or a text that is no token, is ignored.
func TestForeignDeviceToken(t *testing.T) {
	t.Parallel()

	onEach(t, func(t *testing.T, o *office) {
		o.customer("ada")
		o.customer("bob")
		bobs, guest := o.signIn("bob"), o.anonymous()

		for _, token := range []string{"", "nonsense", bobs.RefreshToken, bobs.AccessToken, guest.RefreshToken} {
			expect(t, o.trySignInOn(token, "ada", rightPassword, "198.51.100.1"), "")
		}

		o.refresh(bobs.RefreshToken)
		o.refresh(guest.RefreshToken)
	})
}

// A ticket says who it is for and how old its session is. The reason of a refusal says who ended
// the session.
func TestTicketsDescribeTheirSession(t *testing.T) {
	t.Parallel()

	onEach(t, func(t *testing.T, o *office) {
		o.customer("ada")
		guest := o.anonymous()
		next := o.refresh(guest.RefreshToken)
		if !guest.IsAnonymous || guest.IssuedAt != "2026-11-24T09:30:00.123Z" ||
			guest.SessionID != next.SessionID || guest.Claim != "NOTHING_TO_CLAIM" {
			t.Errorf("%+v", guest)
		}

		own, other := o.signIn("ada"), o.signIn("ada")
		for _, id := range []string{other.SessionID, own.SessionID} {
			expect(t, o.tryEndSession(id, bearer(own.AccessToken)...), "")
		}

		expect(t, o.tryRefresh(own.RefreshToken), models.ReasonSignedOut)
		expect(t, o.tryRefresh(other.RefreshToken), models.ReasonSessionEnded)
	})
}

// A device stays distrusted after its session was purged.
func TestDeviceWhoseSessionIsPurged(t *testing.T) {
	t.Parallel()

	onEach(t, func(t *testing.T, o *office) {
		account := o.customer("ada")
		must(t, errOf(o.Purge(t.Context(), 0)))
		device := o.signIn("ada")
		must(
			t,
			errOf(
				o.Accounts.SetPassword(
					t.Context(),
					access.Operator(),
					accounts.Key{ID: account.ID},
					secretText(rightPassword),
					nil,
				),
			),
		)

		o.clock.Pass(20 * 24 * time.Hour)
		must(t, errOf(o.Purge(t.Context(), 0)))
		o.lockByGuessing("ada")
		expect(t, o.trySignInOn(device.RefreshToken, "ada", rightPassword, "198.51.100.1"), models.ReasonAccountLocked)
	})
}

// A device whose session the customer ended from another device is no longer known.
func TestDeviceEndedFromAnotherDevice(t *testing.T) {
	t.Parallel()

	onEach(t, func(t *testing.T, o *office) {
		o.customer("ada")
		lost, own := o.signIn("ada"), o.signIn("ada")
		expect(t, o.tryEndSession(lost.SessionID, bearer(own.AccessToken)...), "")
		o.lockByGuessing("ada")
		expect(t, o.trySignInOn(lost.RefreshToken, "ada", rightPassword, "198.51.100.1"), models.ReasonAccountLocked)
	})
}
