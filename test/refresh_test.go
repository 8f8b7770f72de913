package test_test

import (
	"strings"
	"testing"
	"time"

	"github.com/authtickets/authtickets/access"
	"github.com/authtickets/authtickets/accounts"
	"github.com/authtickets/authtickets/models"
)

func TestRefreshGivesTheNextTicket(t *testing.T) {
	t.Parallel()

	onEach(t, func(t *testing.T, o *office) {
		o.customer("ada")
		for name, got := range map[string]ticket{"anonymous": o.anonymous(), "customer": o.signIn("ada")} {
			seen := map[string]bool{got.RefreshToken: true}
			for range 5 {
				o.clock.Pass(10 * time.Minute)
				next := o.refresh(got.RefreshToken)
				isLater := next.AccessTokenExpiration > got.AccessTokenExpiration
				if seen[next.RefreshToken] || next.UserID != got.UserID || !isLater {
					t.Errorf("%s: after %s came %s", name, got.raw, next.raw)
				}

				seen[next.RefreshToken] = true
				got = next
			}
		}
	})
}

func TestRefreshIsSpread(t *testing.T) {
	t.Parallel()

	o := open(t, sqlite(t))
	different := map[int]bool{}
	for range 40 {
		different[o.anonymous().RefreshAfter] = true
	}

	if len(different) < 15 {
		t.Errorf("40 sessions refresh at %d different times only", len(different))
	}
}

func TestRefreshAgainWithinTheWindow(t *testing.T) {
	t.Parallel()

	onEach(t, func(t *testing.T, o *office) {
		o.customer("ada")
		for name, got := range map[string]ticket{
			"anonymous": o.anonymous(),
			"customer":  o.signIn("ada"),
			"later":     o.refresh(o.anonymous().RefreshToken),
		} {
			next := o.refresh(got.RefreshToken)
			o.clock.Pass(29 * time.Second)
			if again := o.refresh(got.RefreshToken); again.raw != next.raw {
				t.Errorf("%s: not the same ticket:\n%s\n%s", name, next.raw, again.raw)
			}

			o.clock.Pass(time.Second) // the last instant of the window
			if again := o.refresh(got.RefreshToken); again.raw != next.raw {
				t.Errorf("%s: not the same ticket at the end of the window", name)
			}

			o.refresh(next.RefreshToken)
		}
	})
}

func TestReuseEndsTheSession(t *testing.T) {
	t.Parallel()

	onEach(t, func(t *testing.T, o *office) {
		o.customer("ada")
		for _, first := range []ticket{o.anonymous(), o.signIn("ada")} {
			second := o.refresh(first.RefreshToken)
			o.clock.Pass(31 * time.Second)
			expect(t, o.tryRefresh(first.RefreshToken), models.ReasonTokenReused)
			expect(t, o.tryRefresh(second.RefreshToken), models.ReasonTokenReused)
			expect(t, o.tryRefresh(first.RefreshToken), models.ReasonTokenReused)
		}

		if got := o.log.count("refresh token used again: session ended"); got != 2 {
			t.Errorf("%d security events", got)
		}

		// A token from two generations back is too old, even if it is young.
		first := o.signIn("ada")
		third := o.refresh(o.refresh(first.RefreshToken).RefreshToken)
		expect(t, o.tryRefresh(first.RefreshToken), models.ReasonTokenReused)
		expect(t, o.tryRefresh(third.RefreshToken), models.ReasonTokenReused)
	})
}

func TestRefreshRefuses(t *testing.T) {
	t.Parallel()

	onEach(t, func(t *testing.T, o *office) {
		got := o.anonymous()
		for name, token := range map[string]string{
			"access token": got.AccessToken,
			"empty":        "",
			"padded":       got.RefreshToken + "=",
			"30 kB":        strings.Repeat("A", 30_000),
			"NUL":          "\x00",
			"emoji":        "🎫",
			"JWT":          "eyJhbGciOiJub25lIn0.eyJzdWIiOiIxIn0.",
			"case changed": strings.ToLower(got.RefreshToken),
		} {
			if answer := o.tryRefresh(token); answer.Reason() != models.ReasonTokenInvalid {
				t.Errorf("%s: %s", name, answer.Text)
			}
		}

		o.refresh(got.RefreshToken)
	})
}

func TestRefreshAfterAccountChanges(t *testing.T) {
	t.Parallel()

	onEach(t, func(t *testing.T, o *office) {
		for name, c := range map[string]struct {
			change func(*models.CustomerAccount) error
			reason models.Reason
		}{
			"inactive": {func(a *models.CustomerAccount) error {
				return errOf(o.Accounts.Deactivate(t.Context(), access.Operator(), accounts.Key{ID: a.ID}, nil))
			}, models.ReasonAccountInactive},
			"deleted": {func(a *models.CustomerAccount) error {
				return errOf(o.Accounts.Delete(t.Context(), access.Operator(), accounts.Key{ID: a.ID}))
			}, models.ReasonAccountDeleted},
			"password": {func(a *models.CustomerAccount) error {
				return errOf(o.Accounts.SetPassword(t.Context(), access.Operator(), accounts.Key{ID: a.ID},
					secretText("another password"), nil))
			}, models.ReasonPasswordChanged},
			"locked": {func(a *models.CustomerAccount) error {
				return errOf(o.Accounts.Lock(t.Context(), access.Operator(), accounts.Key{ID: a.ID}, nil))
			}, ""},
		} {
			account := o.customer(name)
			got := o.signIn(name)
			must(t, c.change(account))
			expect(t, o.tryRefresh(got.RefreshToken), c.reason)
		}

		// If the account is activated again, its old sessions stay ended.
		account := o.customer("again")
		got := o.signIn("again")
		must(t, errOf(o.Accounts.Deactivate(t.Context(), access.Operator(), accounts.Key{ID: account.ID}, nil)))
		must(t, errOf(o.Accounts.Activate(t.Context(), access.Operator(), accounts.Key{ID: account.ID}, nil)))
		refused := o.tryRefresh(got.RefreshToken)
		expect(t, refused, models.ReasonAccountInactive)
		if step := refused.Errors[0].Extensions.NextStep; step != "SIGN_IN" {
			t.Errorf("next step %s", step)
		}

		o.signIn("again")
	})
}
