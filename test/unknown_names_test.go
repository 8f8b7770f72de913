package test_test

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/authtickets/authtickets/access"
	"github.com/authtickets/authtickets/accounts"
	"github.com/authtickets/authtickets/models"
	"github.com/authtickets/authtickets/seal"
	"github.com/authtickets/authtickets/tickets"
)

func TestUnknownNameLooksLikeWrongPassword(t *testing.T) {
	t.Parallel()

	onEach(t, func(t *testing.T, o *office) {
		o.customer("ada")
		inactive := o.customer("inactive")
		must(t, errOf(o.Accounts.Deactivate(t.Context(), access.Operator(), accounts.Key{ID: inactive.ID}, nil)))
		locked := o.customer("locked")
		must(t, errOf(o.Accounts.Lock(t.Context(), access.Operator(), accounts.Key{ID: locked.ID}, nil)))
		o.customer("without", func(a *models.CustomerAccount) { a.PasswordHash = noHash })
		want := o.trySignIn("nobody", "wrong", "", "198.51.100.9").Text

		for _, name := range []string{"ada", "inactive", "locked", "without"} {
			for range 7 { // the sixth guess must wait, whether or not the name exists
				if got := o.trySignIn(name, "wrong", "", "198.51.100.10").Text; got != want {
					again := o.trySignIn("nobody"+name, "wrong", "", "198.51.100.10")
					if again.Text == want && !strings.Contains(got, "TOO_MANY") {
						t.Errorf("%s: %s\nwant %s", name, got, want)
					}
				}
			}
		}

		expect(t, o.trySignIn("inactive", rightPassword, "", "198.51.100.11"), models.ReasonAccountInactive)
		expect(t, o.trySignIn("locked", rightPassword, "", "198.51.100.11"), models.ReasonAccountLocked)
	})
}

// Known and unknown names get the same answers on every replica, whatever was guessed before.
func TestKnownAndUnknownNamesLookTheSame(t *testing.T) {
	t.Parallel()

	onEach(t, func(t *testing.T, o *office) {
		o.customer("ada")
		o.customer("imported", func(a *models.CustomerAccount) { a.PasswordHash = bcryptOfRightPassword(t) })
		o.customer("nopassword", func(a *models.CustomerAccount) { a.PasswordHash = noHash })
		replica := openWith(t, o.url, o.Keys, o.clock)

		for round := range 60 {
			address := fmt.Sprintf("203.0.113.%d", round/6)
			var first string
			for i, name := range []string{"nobody", "ada", "imported", "nopassword"} {
				got := []*office{o, replica}[round%2].trySignIn(name, "wrong", "", address)
				if i == 0 {
					first = got.Text
				} else if got.Text != first {
					t.Fatalf("guess %d at %s:\n%s\nand at an unknown name:\n%s", round, name, got.Text, first)
				}
			}
		}

		if !strings.Contains(o.trySignIn("nobody", "wrong", "", "192.0.2.1").Text, "ACCOUNT_LOCKED") {
			t.Error("the unknown name is not locked")
		}
	})
}

// What happens to a name, or to the keys, does not reveal whether the name exists.
func TestWaitsDoNotRevealAccounts(t *testing.T) {
	t.Parallel()

	onEach(t, func(t *testing.T, o *office) {
		ada := o.customer("ada")
		const address = "203.0.113.5"
		same := func(when string, want models.Reason, names ...string) {
			t.Helper()
			for _, name := range names {
				if got := o.trySignIn(name, "wrong", "", address).Reason(); got != want {
					t.Errorf("%s: %s for %s", when, got, name)
				}
			}
		}

		for _, name := range []string{"ada", "nobody", "newbie"} {
			for range 5 {
				expect(t, o.trySignIn(name, "wrong", "", address), models.ReasonInvalidCredentials)
			}
		}

		same("the other name", models.ReasonInvalidCredentials, "ada@example.com", "nobody@example.com")
		o.customer("newbie")
		same("after the name was given to an account", models.ReasonTooManyAttempts, "newbie", "nobody")
		must(t, errOf(o.Accounts.Delete(t.Context(), access.Operator(), accounts.Key{ID: ada.ID})))
		same("after the account was deleted", models.ReasonTooManyAttempts, "ada", "nobody")

		first, err := seal.NewSealKeyset()
		must(t, err)
		must(t, o.Keys.Replace([]seal.Dated{{Keyset: first, Number: 2}}))
		o.customer("eve")

		for _, name := range []string{"eve", "noone"} {
			for range 5 {
				expect(t, o.trySignIn(name, "wrong", "", address), models.ReasonInvalidCredentials)
			}
		}

		next, err := seal.NewSealKeyset()
		must(t, err)
		must(t, o.Keys.Replace([]seal.Dated{{Keyset: first, Number: 2}, {Keyset: next, Number: 3}}))
		existing, missing := o.trySignIn("eve", "wrong", "", address), o.trySignIn("noone", "wrong", "", address)
		if existing.Text != missing.Text {
			t.Errorf("under other keys: %s\nand for an unknown name: %s", existing.Text, missing.Text)
		}
	})
}

// A lock on a name without an account does not apply to an account that gets the name later. An
// operator can end a lock that would never end by itself.
func TestLockedNameOfNobody(t *testing.T) {
	t.Parallel()

	onEach(t, func(t *testing.T, o *office) {
		lock := func(name string) {
			for source := range 4 {
				for range 5 {
					o.trySignIn(name, "wrong", "", fmt.Sprintf("203.0.113.%d", source))
				}
			}
			expect(t, o.trySignIn(name, rightPassword, "", "198.51.100.1"), models.ReasonAccountLocked)
		}

		lock("ada")
		ada := o.customer("ada")
		expect(t, o.trySignIn("ada", rightPassword, "", "198.51.100.1"), "")
		o.clock.Pass(48 * time.Hour)
		lock("ada")
		lock("ada@example.com")
		must(t, errOf(o.Accounts.Unlock(t.Context(), access.Operator(), accounts.Key{ID: ada.ID}, nil)))
		expect(t, o.trySignIn("ada", rightPassword, "", "198.51.100.1"), "")
		expect(t, o.trySignIn("ada@example.com", rightPassword, "", "198.51.100.1"), "")
	}, func(w *tickets.Office) { w.Policy.Lockout = 0 })
}

// A wrong password is answered at fixed times, so that the time does not reveal how the password is
// stored. A right one is answered at once.
func TestRefusalsAreAnsweredInSteps(t *testing.T) {
	t.Parallel()

	const step = 2 * time.Second // long enough for a busy machine
	o := open(t, sqlite(t), func(w *tickets.Office) {
		w.Policy.RefusalStep = step
		w.Elapsed = func() time.Duration { return time.Duration(time.Now().UnixNano()) }
	})
	o.customer("ada")
	o.customer("imported", func(a *models.CustomerAccount) { a.PasswordHash = bcryptOfRightPassword(t) })
	took := func(name, password, address string, want models.Reason) time.Duration {
		t.Helper()
		began := time.Now()
		expect(t, o.trySignIn(name, password, "", address), want)
		return time.Since(began)
	}

	// Requests of one source take turns, but nobody waits for the steps of others.
	inStep := func(times int, name string, want models.Reason) {
		t.Helper()
		var all sync.WaitGroup
		for range times {
			all.Go(func() {
				if took := took(name, "wrong", "203.0.113.5", want); took < step || took >= 2*step {
					t.Errorf("%s, %s: answered after %s", name, want, took)
				}
			})
		}

		all.Wait()
	}

	var names sync.WaitGroup
	for _, name := range []string{"ada", "imported", "nobody"} {
		names.Go(func() {
			inStep(5, name, models.ReasonInvalidCredentials)
			inStep(5, name, models.ReasonTooManyAttempts)
		})
	}

	names.Wait()
	if took := took("imported", rightPassword, "203.0.113.6", ""); took >= step {
		t.Errorf("a right password: answered after %s", took)
	}
}
