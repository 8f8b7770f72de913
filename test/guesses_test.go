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

func TestSourceMustWait(t *testing.T) {
	t.Parallel()

	onEach(t, func(t *testing.T, o *office) {
		o.customer("ada")
		device := o.signIn("ada")
		for _, name := range []string{"ada", "nobody"} {
			for range 5 {
				expect(t, o.trySignIn(name, "wrong", "", "203.0.113.5"), models.ReasonInvalidCredentials)
				o.clock.Pass(time.Minute)
			}

			for range 60 {
				got := o.trySignIn(name, rightPassword, "", "203.0.113.5")
				expect(t, got, models.ReasonTooManyAttempts)
				if wait := got.Errors[0].Extensions.RetryAfterSeconds; wait != 600 {
					t.Errorf("%s: must wait %d seconds", name, wait)
				}
			}

			o.clock.Pass(-5 * time.Minute)
		}

		// The owner can still sign in from elsewhere, and on a known device even from the same
		// address.
		expect(t, o.trySignIn("ada", rightPassword, "", "203.0.113.6"), "")
		expect(t, o.trySignInOn(device.RefreshToken, "ada", rightPassword, "203.0.113.5"), "")
	})
}

func TestWaitEndsWithTheWindow(t *testing.T) {
	t.Parallel()

	onEach(t, func(t *testing.T, o *office) {
		o.customer("ada")
		for range 5 {
			o.trySignIn("ada", "wrong", "", "203.0.113.5")
		}

		o.clock.Pass(15*time.Minute - time.Second)
		expect(t, o.trySignIn("ada", rightPassword, "", "203.0.113.5"), models.ReasonTooManyAttempts)
		o.clock.Pass(time.Second)
		expect(t, o.trySignIn("ada", "wrong", "", "203.0.113.5"), models.ReasonInvalidCredentials)
		expect(t, o.trySignIn("ada", rightPassword, "", "203.0.113.5"), "")
	})
}

func TestRightPasswordResetsTheCount(t *testing.T) {
	t.Parallel()

	onEach(t, func(t *testing.T, o *office) {
		o.customer("ada")
		for range 4 {
			for range 4 {
				expect(t, o.trySignIn("ada", "wrong", "", "203.0.113.5"), models.ReasonInvalidCredentials)
			}

			expect(t, o.trySignIn("ada", rightPassword, "", "203.0.113.5"), "")
		}
	})
}

// Replicas agree, because they count in the database.
func TestReplicasAgree(t *testing.T) {
	t.Parallel()

	onEach(t, func(t *testing.T, o *office) {
		o.customer("ada")
		other := openWith(t, o.url, o.Keys, o.clock)
		for range 5 {
			expect(t, o.trySignIn("ada", "wrong", "", "203.0.113.5"), models.ReasonInvalidCredentials)
		}

		expect(t, other.trySignIn("ada", rightPassword, "", "203.0.113.5"), models.ReasonTooManyAttempts)
		expect(t, other.trySignIn("ada", rightPassword, "", "203.0.113.6"), "")
	})
}

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

// In any 24 hours only a limited number of guesses is checked, however many sources guess, and
// however slowly. Each name has half of its account's limit.
func TestGuessesOfADay(t *testing.T) {
	t.Parallel()

	onEach(t, func(t *testing.T, o *office) {
		o.customer("ada")
		device := o.signIn("ada")
		for _, name := range []string{"ada", "nobody"} {
			var judged []time.Time
			for i := range 1500 {
				got := o.trySignIn(name, "wrong", "", fmt.Sprintf("198.18.%d.%d", i/200, i%200))
				if got.Reason() == models.ReasonInvalidCredentials {
					judged = append(judged, o.clock.Now())
				} else if got.Errors[0].Extensions.RetryAfterSeconds == 0 {
					t.Fatalf("the answer does not say how long to wait: %s", got.Text)
				}

				o.clock.Pass(3 * time.Minute) // three days
			}

			if most := mostIn(24*time.Hour, judged); most != 50 || len(judged) < 2*50 {
				t.Errorf("%s: %d guesses were judged in 24 hours, and %d in all", name, most, len(judged))
			}

			o.clock.Pass(36 * time.Hour)
		}

		expect(t, o.trySignInOn(device.RefreshToken, "ada", rightPassword, "198.51.100.1"), "")
	}, func(w *tickets.Office) { w.Policy.Lockout = time.Second })
}

// mostIn returns the largest number of instants within any period of a length.
func mostIn(span time.Duration, instants []time.Time) (most int) {
	for i, first := range instants {
		count := 0
		for _, other := range instants[i:] {
			if other.Sub(first) < span {
				count++
			}
		}

		most = max(most, count)
	}
	return most
}

// Each source has a limit of its own, so that one source cannot use up the limit of a day.
func TestGuessesOfASourceAndDay(t *testing.T) {
	t.Parallel()

	onEach(t, func(t *testing.T, o *office) {
		o.customer("ada")
		var judged []time.Time
		for range 800 {
			if o.trySignIn("ada", "wrong", "", "203.0.113.5").Reason() == models.ReasonInvalidCredentials {
				judged = append(judged, o.clock.Now())
			}

			o.clock.Pass(7 * time.Minute)
		}

		if most := mostIn(24*time.Hour, judged); most != 20 || len(judged) < 2*20 {
			t.Errorf("%d guesses of one source were judged in 24 hours, and %d in all", most, len(judged))
		}

		expect(t, o.trySignIn("ada", rightPassword, "", "198.51.100.1"), "")
	})
}

// The log says once that a source must wait, and once that a name is locked.
func TestLogReportsGuessing(t *testing.T) {
	t.Parallel()

	const (
		wait, ofDay, ofNames = "source must wait after wrong passwords",
			"source must wait after wrong passwords of a day",
			"source must wait after wrong passwords for many names"
		locked, lockedForDay = "name locked after wrong passwords", "name locked after wrong passwords of a day"
	)

	onEach(t, func(t *testing.T, o *office) {
		o.customer("ada")
		logs := func(want string, guess func()) {
			t.Helper()
			before := map[string]int{}
			for _, message := range []string{wait, ofDay, ofNames, locked, lockedForDay} {
				before[message] = o.log.count(message)
			}

			guess()
			for message, count := range before {
				if got := o.log.count(message) - count; (got == 1) != (message == want) || got > 1 {
					t.Errorf("%q is in the log %d times", message, got)
				}
			}
		}

		for i, name := range []string{"ada", "nobody"} {
			address := func(n int) string { return fmt.Sprintf("198.18.%d.%d", i, n) }
			logs(wait, func() {
				for range 9 {
					o.trySignIn(name, "wrong", "", address(0))
				}
			})
			logs(ofDay, func() {
				for range 30 {
					o.clock.Pass(4 * time.Minute)
					o.trySignIn(name, "wrong", "", address(0))
				}
			})

			logs(locked, func() {
				for n := range 19 {
					o.trySignIn(name, "wrong", "", address(1+n))
				}
			})
			o.clock.Pass(15 * time.Minute)
			logs(lockedForDay, func() {
				for n := range 30 {
					o.trySignIn(name, "wrong", "", address(100+n))
				}
			})
		}

		logs(ofNames, func() {
			for n := range 130 {
				o.trySignIn(fmt.Sprint("name", n), "wrong", "", "203.0.113.5")
			}
		})
	})
}

// A household with known devices does not lock the account either.
func TestDevicesDoNotLock(t *testing.T) {
	t.Parallel()

	onEach(t, func(t *testing.T, o *office) {
		o.customer("ada")
		for _, device := range []string{o.signIn("ada").RefreshToken, o.signIn("ada").RefreshToken} {
			for range 5 {
				expect(t, o.trySignInOn(device, "ada", "wrong", "203.0.113.5"), models.ReasonInvalidCredentials)
			}
		}

		for _, address := range []string{"203.0.113.5", "2001:db8::5"} {
			for range 5 {
				expect(t, o.trySignIn("ada", "wrong", "", address), models.ReasonInvalidCredentials)
			}
		}

		expect(t, o.trySignIn("ada", rightPassword, "", "198.51.100.1"), "")
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

// A known device has its own guesses, but no more than others.
func TestKnownDeviceIsLimitedToo(t *testing.T) {
	t.Parallel()

	onEach(t, func(t *testing.T, o *office) {
		o.customer("ada")
		o.customer("bob")
		device := o.signIn("ada").RefreshToken

		for i := range 5 {
			address := fmt.Sprintf("203.0.113.%d", i)
			expect(t, o.trySignInOn(device, "ada", "wrong", address), models.ReasonInvalidCredentials)
		}

		expect(t, o.trySignInOn(device, "ada", rightPassword, "203.0.113.99"), models.ReasonTooManyAttempts)
		expect(t, o.trySignIn("ada", rightPassword, "", "203.0.113.99"), "")

		// Someone else's ticket does not make a device known.
		for range 5 {
			expect(t, o.trySignInOn(device, "bob", "wrong", "203.0.113.50"), models.ReasonInvalidCredentials)
		}

		expect(t, o.trySignInOn(device, "bob", rightPassword, "203.0.113.50"), models.ReasonTooManyAttempts)
	})
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
