package test_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/authtickets/authtickets/models"
	"github.com/authtickets/authtickets/tickets"
)

func TestUnknownNameLooksLikeWrongPassword(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, o *office) {
		o.customer("ada")
		inactive := o.customer("inactive")
		must(t, o.Accounts.Deactivate(t.Context(), inactive))
		locked := o.customer("locked")
		must(t, o.Accounts.Lock(t.Context(), locked))
		without := o.customer("without", func(a *models.CustomerAccount) { a.PasswordHash = noHash })
		_ = without
		want := o.trySignIn("nobody", "wrong", "", "198.51.100.9").text
		for _, name := range []string{"ada", "inactive", "locked", "without"} {
			for range 7 { // the sixth must wait, known or not
				if got := o.trySignIn(name, "wrong", "", "198.51.100.10").text; got != want {
					again := o.trySignIn("nobody"+name, "wrong", "", "198.51.100.10")
					if again.text == want && !strings.Contains(got, "TOO_MANY") {
						t.Errorf("%s: %s\nwant %s", name, got, want)
					}
				}
			}
		}
		expect(t, o.trySignIn("inactive", rightPassword, "", "198.51.100.11"), models.ReasonAccountInactive)
		expect(t, o.trySignIn("locked", rightPassword, "", "198.51.100.11"), models.ReasonAccountLocked)
	})
}

// Known and unknown names get the same answers, on every replica, whatever the state of the
// guesses.
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
					first = got.text
				} else if got.text != first {
					t.Fatalf("guess %d at %s:\n%s\nand at an unknown name:\n%s", round, name, got.text, first)
				}
			}
		}
		if !strings.Contains(o.trySignIn("nobody", "wrong", "", "192.0.2.1").text, "ACCOUNT_LOCKED") {
			t.Error("the unknown name is not locked")
		}
	})
}

// A wrong password is answered at fixed instants, so that the time of the answer does not tell how
// the password is stored. A right one is answered at once.
func TestRefusalsAreAnsweredInSteps(t *testing.T) {
	t.Parallel()
	const step = 200 * time.Millisecond
	o := open(t, sqlite(t), func(w *tickets.Office) {
		w.Policy.RefusalStep = step
		w.Elapsed = func() time.Duration { return time.Duration(time.Now().UnixNano()) }
	})
	o.customer("ada")
	o.customer("imported", func(a *models.CustomerAccount) { a.PasswordHash = bcryptOfRightPassword(t) })
	for i, name := range []string{"ada", "imported", "nobody"} {
		began := time.Now()
		expect(t, o.trySignIn(name, "wrong", "", fmt.Sprintf("203.0.113.%d", i)), models.ReasonInvalidCredentials)
		if took := time.Since(began); took < step {
			t.Errorf("%s: answered after %s", name, took)
		}
	}
}
