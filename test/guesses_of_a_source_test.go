package test_test

import (
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/authtickets/authtickets/models"
	"github.com/authtickets/authtickets/tickets"
)

func TestIPv6NetworkIsOneSource(t *testing.T) {
	t.Parallel()

	onEach(t, func(t *testing.T, o *office) {
		o.customer("ada")
		for i := range 5 {
			address := fmt.Sprintf("2001:db8:1:2::%x", i)
			expect(t, o.trySignIn("ada", "wrong", "", address), models.ReasonInvalidCredentials)
		}

		expect(t, o.trySignIn("ada", rightPassword, "", "2001:db8:1:2:ffff::1"), models.ReasonTooManyAttempts)
		expect(t, o.trySignIn("ada", rightPassword, "", "2001:db8:1:3::1"), "")
	})
}

// No password is refused just because many others are being checked.
func TestManyCustomersAtOneAddress(t *testing.T) {
	t.Parallel()

	onEach(t, func(t *testing.T, o *office) {
		const count = 130 // more than GuessesOfSource
		for i := range count {
			o.customer(fmt.Sprint("customer", i))
		}

		var all sync.WaitGroup
		for i := range count {
			all.Go(func() { expect(t, o.trySignIn(fmt.Sprint("customer", i), rightPassword, "", "203.0.113.5"), "") })
		}

		all.Wait()
	})
}

func TestSourceIsLimitedForAllNames(t *testing.T) {
	t.Parallel()

	onEach(t, func(t *testing.T, o *office) {
		o.customer("ada")
		device := o.signIn("ada")
		for i := range 20 {
			name := fmt.Sprintf("name%d", i)
			expect(t, o.trySignIn(name, "wrong", "", "203.0.113.5"), models.ReasonInvalidCredentials)
		}

		expect(t, o.trySignIn("ada", rightPassword, "", "203.0.113.5"), models.ReasonTooManyAttempts)
		expect(t, o.trySignInOn(device.RefreshToken, "ada", rightPassword, "203.0.113.5"), "")
		expect(t, o.trySignIn("ada", rightPassword, "", "203.0.113.6"), "")
		o.clock.Pass(15 * time.Minute)
		expect(t, o.trySignIn("ada", rightPassword, "", "203.0.113.5"), "")

		// Many requests at once get no more.
		var all sync.WaitGroup
		var judged atomic.Int64
		for i := range 60 {
			all.Go(func() {
				got := o.trySignIn(fmt.Sprintf("other%d", i), "wrong", "", "203.0.113.5")
				if got.Reason() == models.ReasonInvalidCredentials {
					judged.Add(1)
				}
			})
		}

		all.Wait()
		if judged.Load() != 20 {
			t.Errorf("%d were judged", judged.Load())
		}
	}, func(w *tickets.Office) { w.Policy.GuessesOfSource = 20 })
}

// A flood of refused requests does not displace the counts.
func TestFloodResetsNoCount(t *testing.T) {
	t.Parallel()

	o := open(t, sqlite(t))
	o.customer("ada")
	for _, name := range []string{"ada", "nobody"} {
		for range 5 {
			o.trySignIn(name, "wrong", "", "203.0.113.5")
		}
	}

	// After the first guesses, no password is checked: the source must wait for all names.
	for i := range 3000 {
		name := fmt.Sprint("nobody", i%1500)
		if got := o.trySignIn(name, "wrong", "", "203.0.113.5").Reason(); i >= 100 &&
			got != models.ReasonTooManyAttempts {
			t.Fatalf("guess %d: %s", i, got)
		}
	}

	for _, name := range []string{"ada", "nobody"} {
		expect(t, o.trySignIn(name, rightPassword, "", "203.0.113.5"), models.ReasonTooManyAttempts)
	}
}
