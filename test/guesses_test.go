package test_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/authtickets/authtickets/models"
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
