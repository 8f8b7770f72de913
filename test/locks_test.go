package test_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/authtickets/authtickets/access"
	"github.com/authtickets/authtickets/accounts"
	"github.com/authtickets/authtickets/models"
	"github.com/authtickets/authtickets/tickets"
)

func TestAccountLocks(t *testing.T) {
	t.Parallel()

	onEach(t, func(t *testing.T, o *office) {
		o.customer("ada")
		device, signedIn := o.signIn("ada"), o.signIn("ada")
		guess := func(times int, address string) {
			t.Helper()
			for range times {
				expect(t, o.trySignIn("ada", "wrong", "", address), models.ReasonInvalidCredentials)
			}
		}

		// One household never locks an account: it has two sources, and guesses that must wait do
		// not count.
		for range 4 {
			for _, address := range []string{"203.0.113.5", "2001:db8::5"} {
				guess(5, address)
				expect(t, o.trySignIn("ada", "wrong", "", address), models.ReasonTooManyAttempts)
			}

			o.clock.Pass(15 * time.Minute)
		}

		expect(t, o.trySignIn("ada", rightPassword, "", "198.51.100.1"), "")

		for source := range 3 {
			guess(5, fmt.Sprintf("203.0.113.1%d", source))
		}

		guess(4, "203.0.113.20")
		expect(t, o.trySignIn("ada", rightPassword, "", "198.51.100.1"), "")
		for source := range 4 {
			guess(5, fmt.Sprintf("203.0.113.3%d", source))
		}

		got := o.trySignIn("ada", rightPassword, "", "198.51.100.1")
		expect(t, got, models.ReasonAccountLocked)
		if wait := got.Errors[0].Extensions.RetryAfterSeconds; wait != 900 {
			t.Errorf("locked for %d seconds", wait)
		}
		if o.log.count("name locked after wrong passwords") != 1 {
			t.Error("the lock was not logged once")
		}

		// A wrong password is not checked either.
		if wrong := o.trySignIn("ada", "wrong", "", "198.51.100.9"); wrong.Text != got.Text {
			t.Errorf("a wrong password while the account is locked: %s", wrong.Text)
		}

		// The lock does not affect a known device or a customer who is signed in, and it ends by
		// itself.
		input := variables{"username": "ada", "password": rightPassword, "deviceToken": device.RefreshToken}
		query := strings.Replace(signInQuery, fields, "customerAccount { isLocked }", 1)
		onDevice := o.post(query, variables{"input": input})
		if locked := onDevice.ticket(t, "createUserTicket").CustomerAccount["isLocked"]; locked != true {
			t.Errorf("isLocked is %v", locked)
		}

		o.refresh(signedIn.RefreshToken)
		o.clock.Pass(15 * time.Minute)
		expect(t, o.trySignIn("ada", rightPassword, "", "198.51.100.1"), "")
	}, func(w *tickets.Office) { w.Policy.GuessesPerDay = 1000 })
}

// Wrong passwords in a row count, however slowly they come. Of one source, only the guesses count
// that it may make before it must wait.
func TestSlowGuessesLock(t *testing.T) {
	t.Parallel()

	onEach(t, func(t *testing.T, o *office) {
		o.customer("ada")
		for source := range 4 {
			address := fmt.Sprintf("203.0.113.%d", source)
			for range 5 {
				expect(t, o.trySignIn("ada", "wrong", "", address), models.ReasonInvalidCredentials)
				o.clock.Pass(20 * time.Minute)
			}
		}

		expect(t, o.trySignIn("ada", rightPassword, "", "198.51.100.1"), "") // the lock has ended by now
		if o.log.count("name locked after wrong passwords") != 1 {
			t.Error("not locked once")
		}
	})
}

func TestLockBegins(t *testing.T) {
	t.Parallel()

	lock := func(o *office) {
		for _, address := range []string{"203.0.113.7", "203.0.113.8", "203.0.113.9", "203.0.113.10"} {
			for range 5 {
				o.trySignIn("ada", "wrong", "", address)
			}
		}
	}

	t.Run("AgainAfterItsEnd", func(t *testing.T) {
		onEach(t, func(t *testing.T, o *office) {
			o.customer("ada")
			lock(o)
			o.clock.Pass(16 * time.Minute)
			expect(t, o.trySignIn("ada", "wrong", "", "203.0.113.19"), models.ReasonInvalidCredentials)
			expect(t, o.trySignIn("ada", rightPassword, "", "198.51.100.1"), "")
		})
	})

	t.Run("ForGood", func(t *testing.T) {
		onEach(t, func(t *testing.T, o *office) {
			ada := o.customer("ada")
			lock(o)
			o.clock.Pass(10 * 365 * 24 * time.Hour)
			got := o.trySignIn("ada", rightPassword, "", "198.51.100.1")
			expect(t, got, models.ReasonAccountLocked)
			if got.Errors[0].Extensions.RetryAfterSeconds != 0 {
				t.Error("the answer says when the lock ends")
			}

			must(t, errOf(o.Accounts.Unlock(t.Context(), access.Operator(), accounts.Key{ID: ada.ID}, nil)))
			expect(t, o.trySignIn("ada", rightPassword, "", "198.51.100.1"), "")
		}, func(w *tickets.Office) { w.Policy.Lockout = 0 })
	})

	t.Run("ByAnOperator", func(t *testing.T) {
		onEach(t, func(t *testing.T, o *office) {
			ada := o.customer("ada")
			device := o.signIn("ada")
			must(t, errOf(o.Accounts.Lock(t.Context(), access.Operator(), accounts.Key{ID: ada.ID}, nil)))
			onDevice := o.trySignInOn(device.RefreshToken, "ada", rightPassword, "198.51.100.1")
			expect(t, onDevice, models.ReasonAccountLocked)
			o.clock.Pass(24 * time.Hour)
			expect(t, o.trySignIn("ada", rightPassword, "", "198.51.100.1"), models.ReasonAccountLocked)
			must(t, errOf(o.Accounts.Unlock(t.Context(), access.Operator(), accounts.Key{ID: ada.ID}, nil)))
			expect(t, o.trySignIn("ada", rightPassword, "", "198.51.100.1"), "")
		})
	})
}

// A right password ends the lock of its name. A lock of the account's other name that is over does
// not keep the account looking locked.
func TestRightPasswordEndsTheLock(t *testing.T) {
	t.Parallel()

	onEach(t, func(t *testing.T, o *office) {
		o.customer("ada")
		device := o.signIn("ada")
		o.lockByGuessing("ada@example.com")
		o.clock.Pass(20 * time.Minute)
		o.lockByGuessing("ada")

		next := o.trySignInOn(device.RefreshToken, "ada", rightPassword, "198.51.100.1").ticket(t, "createUserTicket")
		input := variables{"username": "ada", "password": rightPassword, "deviceToken": next.RefreshToken}
		query := strings.Replace(signInQuery, fields, "customerAccount { isLocked }", 1)
		got := o.post(query, variables{"input": input}).ticket(t, "createUserTicket")
		if locked := got.CustomerAccount["isLocked"]; locked != false {
			t.Errorf("isLocked is %v", locked)
		}
	})
}
