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
				o.clock.pass(time.Minute)
			}
			for range 60 {
				got := o.trySignIn(name, rightPassword, "", "203.0.113.5")
				expect(t, got, models.ReasonTooManyAttempts)
				if wait := got.Errors[0].Extensions.RetryAfterSeconds; wait != 600 {
					t.Errorf("%s: must wait %d seconds", name, wait)
				}
			}
			o.clock.pass(-5 * time.Minute)
		}
		// The owner still gets in, from elsewhere and on a known device even at the same address.
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
		o.clock.pass(15*time.Minute - time.Second)
		expect(t, o.trySignIn("ada", rightPassword, "", "203.0.113.5"), models.ReasonTooManyAttempts)
		o.clock.pass(time.Second)
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

// Replicas agree, because what they count is in the database.
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

// However many sources take part, and however they pace themselves, so many guesses are checked in
// a day.
func TestGuessesOfADay(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, o *office) {
		o.customer("ada")
		device := o.signIn("ada")
		for _, name := range []string{"ada", "nobody"} {
			judged := 0
			for i := range 400 {
				got := o.trySignIn(name, "wrong", "", fmt.Sprintf("198.18.%d.%d", i/200, i%200))
				if got.reason() == models.ReasonInvalidCredentials {
					judged++
				} else if got.Errors[0].Extensions.RetryAfterSeconds == 0 {
					t.Fatalf("nothing says how long to wait: %s", got.text)
				}
				o.clock.pass(3 * time.Minute)
			}
			if judged < 90 || judged > 110 {
				t.Errorf("%s: %d guesses were judged in 20 hours", name, judged)
			}
			o.clock.pass(24 * time.Hour)
		}
		expect(t, o.trySignInOn(device.RefreshToken, "ada", rightPassword, "198.51.100.1"), "")
	})
}

// One source has its own bound, so that nobody alone can use up the day of an owner.
func TestGuessesOfASourceAndDay(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, o *office) {
		o.customer("ada")
		judged := 0
		for range 200 {
			if o.trySignIn("ada", "wrong", "", "203.0.113.5").reason() == models.ReasonInvalidCredentials {
				judged++
			}
			o.clock.pass(7 * time.Minute)
		}
		if judged < 20 || judged > 25 {
			t.Errorf("%d guesses of one source were judged in a day", judged)
		}
		expect(t, o.trySignIn("ada", rightPassword, "", "198.51.100.1"), "")
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
		o.clock.pass(15 * time.Minute)
		expect(t, o.trySignIn("ada", rightPassword, "", "203.0.113.5"), "")
		// Many at once are no more.
		var all sync.WaitGroup
		var judged atomic.Int64
		for i := range 60 {
			all.Go(func() {
				got := o.trySignIn(fmt.Sprintf("other%d", i), "wrong", "", "203.0.113.5")
				if got.reason() == models.ReasonInvalidCredentials {
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

// A known device has guesses of its own, and no more than others.
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
		// Somebody else's ticket makes no device known.
		for range 5 {
			expect(t, o.trySignInOn(device, "bob", "wrong", "203.0.113.50"), models.ReasonInvalidCredentials)
		}
		expect(t, o.trySignInOn(device, "bob", rightPassword, "203.0.113.50"), models.ReasonTooManyAttempts)
	})
}

// Flooding changes nothing: what is refused for nothing takes no place of what counts.
func TestFloodEmptiesNoCounter(t *testing.T) {
	t.Parallel()
	o := open(t, sqlite(t))
	o.customer("ada")
	for _, name := range []string{"ada", "nobody"} {
		for range 5 {
			o.trySignIn(name, "wrong", "", "203.0.113.5")
		}
	}
	for i := range 3000 {
		o.trySignIn(fmt.Sprint("nobody", i%7), "wrong", "", "203.0.113.5")
	}
	for _, name := range []string{"ada", "nobody"} {
		expect(t, o.trySignIn(name, rightPassword, "", "203.0.113.5"), models.ReasonTooManyAttempts)
	}
}
