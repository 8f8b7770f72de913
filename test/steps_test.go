package test_test

import (
	"testing"
	"time"

	"github.com/authtickets/authtickets/access"
	"github.com/authtickets/authtickets/accounts"
	"github.com/authtickets/authtickets/models"
	"github.com/authtickets/authtickets/test/testkit"
	"github.com/authtickets/authtickets/tickets"
)

// steps are changes of a clock that someone sets.
func steps() []time.Duration {
	return []time.Duration{-26 * time.Hour, -2 * time.Hour, -time.Minute, time.Minute, 2 * time.Hour, 26 * time.Hour}
}

// stepped is a clock that someone sets. The opposite step undoes a step.
type stepped struct {
	name string
	step func(c *testkit.Clock, by time.Duration)
}

func clocks() []stepped {
	return []stepped{
		{"server", (*testkit.Clock).Step},
		{"database", (*testkit.Clock).StepDatabase},
		{"both", func(c *testkit.Clock, d time.Duration) { c.Step(d); c.StepDatabase(d) }},
	}
}

// onSteps runs a test for every clock and every step, on every kind of database.
func onSteps(t *testing.T, test func(t *testing.T, o *office, step func(), back func())) {
	t.Helper()
	onEach(t, func(t *testing.T, o *office) {
		o.customer("ada")
		for _, clock := range clocks() {
			for _, by := range steps() {
				t.Run(clock.name+" "+by.String(), func(t *testing.T) {
					on := *o
					on.t = t
					test(t, &on, func() { clock.step(o.clock, by) }, func() { clock.step(o.clock, -by) })
				})
			}
		}
	})
}

// A second tab right after a step does not count as a thief, and the session continues.
func TestStepsSignNobodyOut(t *testing.T) {
	t.Parallel()

	onSteps(t, func(t *testing.T, o *office, step, back func()) {
		for _, first := range []ticket{o.anonymous(), o.signIn("ada")} {
			next := o.refresh(first.RefreshToken)
			step()
			second := o.tryRefresh(first.RefreshToken)
			third := o.tryRefresh(next.RefreshToken)
			back()

			for name, got := range map[string]answer{"the second tab": second, "the next refresh": third} {
				if reason := got.Reason(); reason != "" && reason != models.ReasonBusy {
					t.Errorf("%s: %s", name, got.Text)
				}
			}

			// A ticket that was issued ahead of time must wait until then.
			last := o.refresh(next.RefreshToken)
			if got := o.tryRefresh(last.RefreshToken); got.Reason() == models.ReasonBusy {
				o.clock.Pass(26 * time.Hour)
			}

			o.refresh(last.RefreshToken)
		}
	})
}

// A thief is caught when all clocks agree again, whatever they showed before.
func TestStepsHideNoThief(t *testing.T) {
	t.Parallel()

	onSteps(t, func(t *testing.T, o *office, step, back func()) {
		first := o.signIn("ada")
		next := o.refresh(first.RefreshToken)
		step()
		o.tryRefresh(first.RefreshToken)
		back()
		o.clock.Pass(31 * time.Second)
		expect(t, o.tryRefresh(first.RefreshToken), models.ReasonTokenReused)
		expect(t, o.tryRefresh(next.RefreshToken), models.ReasonTokenReused)
	})
}

// Whatever the clocks show, a session that is ended ends on every server, and stays ended.
func TestStepsKeepNothingAlive(t *testing.T) {
	t.Parallel()

	onSteps(t, func(t *testing.T, o *office, step, back func()) {
		replica := openWith(t, o.url, o.Keys, o.clock)
		ends := map[string]func(got ticket) int{
			"revoke":     func(got ticket) int { return o.revoke(got.RefreshToken, false) },
			"everywhere": func(got ticket) int { return o.revoke(got.RefreshToken, true) },
		}
		for name, end := range ends {
			customer, guest := o.signIn("ada"), o.anonymous()
			step()
			for _, got := range []ticket{customer, guest} {
				if ended := end(got); ended < 1 {
					t.Errorf("%s: %d sessions ended", name, ended)
				}
			}

			replica.follow()
			back()
			replica.follow()

			for _, shopper := range []ticket{customer, guest} {
				got := o.tryRefresh(shopper.RefreshToken)
				if got.Reason() != models.ReasonSignedOut && got.Reason() != models.ReasonSignedOutEverywhere {
					t.Errorf("%s: %s", name, got.Text)
				}
				if got := replica.currentShopper("userId", bearer(shopper.AccessToken)...); len(got.Errors) == 0 {
					t.Errorf("%s: the access token is still valid", name)
				}
			}
		}
	})
}

// Changes of an account end its sessions, whatever the operator's clock shows.
func TestStepsAndAccounts(t *testing.T) {
	t.Parallel()

	onSteps(t, func(t *testing.T, o *office, step, back func()) {
		ada, err := o.Accounts.Find(t.Context(), access.Operator(), accounts.Key{UserName: new("ada")}, nil)
		must(t, err)
		for _, c := range []struct {
			reason models.Reason
			change func() error
		}{
			{models.ReasonPasswordChanged, func() error {
				return errOf(o.Accounts.SetPassword(t.Context(), access.Operator(), accounts.Key{ID: ada.ID},
					secretText(rightPassword), nil))
			}},
			{models.ReasonAccountInactive, func() error {
				return errOf(o.Accounts.Deactivate(t.Context(), access.Operator(), accounts.Key{ID: ada.ID}, nil))
			}},
		} {
			got := o.signIn("ada")
			step()
			must(t, c.change())
			back()
			expect(t, o.tryRefresh(got.RefreshToken), c.reason)
			must(t, errOf(o.Accounts.Activate(t.Context(), access.Operator(), accounts.Key{ID: ada.ID}, nil)))
			expect(t, o.tryRefresh(got.RefreshToken), c.reason)
		}
	})
}

// Disabling an application ends its sessions. Enabling it does not affect sessions that begin then.
func TestStepsAndApplications(t *testing.T) {
	t.Parallel()

	onSteps(t, func(t *testing.T, o *office, step, back func()) {
		before := o.anonymous()
		step()
		_, err := o.applications.Disable(t.Context(), access.Operator(), "storefront")
		must(t, err)
		_, err = o.applications.Enable(t.Context(), access.Operator(), "storefront")
		must(t, err)
		back()
		o.follow()
		expect(t, o.tryRefresh(before.RefreshToken), models.ReasonApplicationDisabled)
		expect(t, o.currentShopper("userId", bearer(before.AccessToken)...), models.ReasonApplicationDisabled)
		after := o.refresh(o.anonymous().RefreshToken)
		expect(t, o.currentShopper("userId", bearer(after.AccessToken)...), "")
	})
}

// A clock that is ahead purges no row whose token could still revive it.
func TestStepsAndPurging(t *testing.T) {
	t.Parallel()

	onEach(t, func(t *testing.T, o *office) {
		for _, clock := range clocks() {
			for _, by := range []time.Duration{40 * 24 * time.Hour, 10 * 365 * 24 * time.Hour} {
				must(t, errOf(o.Purge(t.Context(), 0)))
				ended, alive := o.anonymous(), o.anonymous()
				o.revoke(ended.RefreshToken, false)
				clock.step(o.clock, by)
				must(t, errOf(o.Purge(t.Context(), 0)))
				clock.step(o.clock, -by)
				expect(t, o.tryRefresh(ended.RefreshToken), models.ReasonSignedOut)
				o.refresh(alive.RefreshToken)
			}
		}
	})
}

// A session that ended before it had a row stays ended when the lifetime is then shortened.
func TestEndedUnderALongerLifetime(t *testing.T) {
	t.Parallel()

	const day = 24 * time.Hour
	onEach(t, func(t *testing.T, o *office) {
		must(t, errOf(o.Purge(t.Context(), 0)))
		got := o.anonymous()
		shortened := openWith(t, o.url, o.Keys, o.clock, func(w *tickets.Office) {
			w.Policy.AnonymousRefreshLifetime = time.Hour
		})
		expect(t, shortened.tryEndSession(got.SessionID, bearer(got.AccessToken)...), "")
		o.clock.Pass(120 * day)
		must(t, errOf(o.Purge(t.Context(), 0)))
		expect(t, o.tryRefresh(got.RefreshToken), models.ReasonSignedOut)
	}, func(w *tickets.Office) {
		w.Policy.AnonymousRefreshLifetime, w.Policy.SessionLifetime = 180*day, 180*day
	})
}

// Sessions of a deleted application do not come back with a new application of the same id.
func TestDeletedApplicationComesBack(t *testing.T) {
	t.Parallel()

	onEach(t, func(t *testing.T, o *office) {
		got := o.refresh(o.anonymous().RefreshToken)
		must(t, o.applications.Delete(t.Context(), access.Operator(), "storefront"))
		must(
			t,
			o.applications.ConfigureStorefront(
				t.Context(), access.Operator(), []string{"cart.write"}, []string{shopOrigin},
			),
		)

		o.follow()
		expect(t, o.tryRefresh(got.RefreshToken), models.ReasonApplicationDisabled)
		expect(t, o.currentShopper("userId", bearer(got.AccessToken)...), models.ReasonApplicationDisabled)
		o.refresh(o.anonymous().RefreshToken)
	})
}
