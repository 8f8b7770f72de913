package test_test

import (
	"fmt"
	"io"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/authtickets/authtickets/models"
	"github.com/authtickets/authtickets/password"
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
			expect(t, o.trySignIn("ada", "wrong", "", fmt.Sprintf("2001:db8:1:2::%x", i)), models.ReasonInvalidCredentials)
		}
		expect(t, o.trySignIn("ada", rightPassword, "", "2001:db8:1:2:ffff::1"), models.ReasonTooManyAttempts)
		expect(t, o.trySignIn("ada", rightPassword, "", "2001:db8:1:3::1"), "")
	})
}

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
		// One source alone never locks: what it guesses while it must wait counts for nothing.
		for range 4 {
			guess(5, "203.0.113.5")
			expect(t, o.trySignIn("ada", "wrong", "", "203.0.113.5"), models.ReasonTooManyAttempts)
			o.clock.pass(15 * time.Minute)
		}
		expect(t, o.trySignIn("ada", rightPassword, "", "198.51.100.1"), "")

		guess(5, "203.0.113.5")
		guess(4, "203.0.113.6")
		expect(t, o.trySignIn("ada", rightPassword, "", "198.51.100.1"), "")
		guess(5, "203.0.113.7")
		guess(5, "203.0.113.8")
		got := o.trySignIn("ada", rightPassword, "", "198.51.100.1")
		expect(t, got, models.ReasonAccountLocked)
		if wait := got.Errors[0].Extensions.RetryAfterSeconds; wait != 900 {
			t.Errorf("locked for %d seconds", wait)
		}
		if o.log.count("account locked after wrong passwords") != 1 {
			t.Error("the lock was not logged once")
		}
		guess(1, "198.51.100.9") // the lock is told to the right password only
		// It holds neither on a known device nor for who is signed in, and it ends by itself.
		known := o.post(strings.Replace(signInQuery, fields, "customerAccount { isLocked }", 1),
			variables{"input": variables{"username": "ada", "password": rightPassword, "deviceToken": device.RefreshToken}})
		if locked := known.ticket(t, "createUserTicket").CustomerAccount["isLocked"]; locked != true {
			t.Errorf("isLocked is %v", locked)
		}
		o.refresh(signedIn.RefreshToken)
		o.clock.pass(15 * time.Minute)
		expect(t, o.trySignIn("ada", rightPassword, "", "198.51.100.1"), "")
	})
}

// What is wrong in a row counts, however slowly it comes; of one source no more than it may guess before it must wait.
func TestSlowGuessesLock(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, o *office) {
		o.customer("ada")
		window := func(guesses map[string]int) {
			for address, times := range guesses {
				for range times {
					expect(t, o.trySignIn("ada", "wrong", "", address), models.ReasonInvalidCredentials)
				}
			}
			o.clock.pass(20 * time.Minute)
		}
		for range 20 { // one source alone never locks
			window(map[string]int{"203.0.113.5": 5})
		}
		window(map[string]int{"203.0.113.6": 4})
		if o.log.count("account locked after wrong passwords") != 0 {
			t.Fatal("locked after nine")
		}
		expect(t, o.trySignIn("ada", "wrong", "", "203.0.113.6"), models.ReasonInvalidCredentials)
		expect(t, o.trySignIn("ada", rightPassword, "", "198.51.100.1"), models.ReasonAccountLocked)
		// After the lock it takes ten again.
		o.clock.pass(20 * time.Minute)
		window(map[string]int{"203.0.113.5": 4, "203.0.113.6": 5})
		expect(t, o.trySignIn("ada", rightPassword, "", "198.51.100.1"), "")
	})
}

// A client that does not wait for the answer gets no guess for nothing, and learns nothing from how it is cut off.
func TestGuessesOfClosedConnectionsCount(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, o *office) {
		o.customer("ada")
		for _, name := range []string{"ada", "nobody"} {
			for judged, tries := 0, 0; judged < 5 && tries < 100; tries++ {
				text := o.signInHalfClosed(name, "203.0.113.5")
				switch { // it is judged, or has been cut off before
				case strings.Contains(text, "INVALID_CREDENTIALS"):
					judged++
				case !strings.Contains(text, "TIMED_OUT"):
					t.Fatalf("%s: %s", name, text)
				}
			}
		}
		o.Drain(t.Context())
		other := openWith(t, o.url, o.Keys, o.clock) // which knows of the database only
		expect(t, other.trySignIn("ada", rightPassword, "", "203.0.113.5"), models.ReasonTooManyAttempts)
	}, func(w *tickets.Office) { // slow enough for the end of the request to be noticed
		hasher, err := password.New(password.Settings{MemoryKiB: 19456, Iterations: 2})
		must(t, err)
		w.Hasher = hasher
	})
}

// signInHalfClosed sends a wrong password and says at once that nothing more will come, which ends the context of the request. It returns the answer's body.
func (o *office) signInHalfClosed(name, address string) string {
	o.t.Helper()
	connection, err := net.Dial("tcp", o.web.Listener.Addr().String()) //nolint:noctx // at once
	must(o.t, err)
	defer connection.Close() //nolint:errcheck // read to its end
	body := fmt.Sprintf(`{"query":%q,"variables":{"input":{"username":%q,"password":"wrong"}}}`, signInQuery, name)
	_, err = fmt.Fprintf(connection, "POST /graphql HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nX-Forwarded-For: %s\r\nContent-Length: %d\r\n\r\n%s", address, len(body), body)
	must(o.t, err)
	if half, ok := connection.(*net.TCPConn); ok {
		time.Sleep(8 * time.Millisecond) // into the hash
		must(o.t, half.CloseWrite())
	}
	answer, err := io.ReadAll(connection)
	must(o.t, err)
	_, text, _ := strings.Cut(string(answer), "\r\n\r\n")
	return text
}

func TestLockBegins(t *testing.T) {
	t.Parallel()
	lock := func(o *office) {
		for _, address := range []string{"203.0.113.7", "203.0.113.8"} {
			for range 5 {
				o.trySignIn("ada", "wrong", "", address)
			}
		}
	}
	t.Run("AnewAfterItsEnd", func(t *testing.T) {
		onEach(t, func(t *testing.T, o *office) {
			o.customer("ada")
			lock(o)
			o.clock.pass(16 * time.Minute)
			expect(t, o.trySignIn("ada", "wrong", "", "203.0.113.9"), models.ReasonInvalidCredentials)
			expect(t, o.trySignIn("ada", rightPassword, "", "198.51.100.1"), "")
		})
	})
	t.Run("ForGood", func(t *testing.T) {
		onEach(t, func(t *testing.T, o *office) {
			ada := o.customer("ada")
			lock(o)
			o.clock.pass(10 * 365 * 24 * time.Hour)
			got := o.trySignIn("ada", rightPassword, "", "198.51.100.1")
			expect(t, got, models.ReasonAccountLocked)
			if got.Errors[0].Extensions.RetryAfterSeconds != 0 {
				t.Error("tells a time")
			}
			must(t, o.Accounts.Unlock(t.Context(), ada))
			expect(t, o.trySignIn("ada", rightPassword, "", "198.51.100.1"), "")
		}, func(w *tickets.Office) { w.Policy.Lockout = 0 })
	})
	t.Run("ByAnOperator", func(t *testing.T) {
		onEach(t, func(t *testing.T, o *office) {
			ada := o.customer("ada")
			device := o.signIn("ada")
			must(t, o.Accounts.Lock(t.Context(), ada))
			expect(t, o.trySignInOn(device.RefreshToken, "ada", rightPassword, "198.51.100.1"), models.ReasonAccountLocked)
			o.clock.pass(24 * time.Hour)
			expect(t, o.trySignIn("ada", rightPassword, "", "198.51.100.1"), models.ReasonAccountLocked)
			must(t, o.Accounts.Unlock(t.Context(), ada))
			expect(t, o.trySignIn("ada", rightPassword, "", "198.51.100.1"), "")
		})
	})
}

// A known device has guesses of its own, and no more than others.
func TestKnownDeviceIsLimitedToo(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, o *office) {
		o.customer("ada")
		o.customer("bob")
		device := o.signIn("ada")
		for i := range 5 {
			expect(t, o.trySignInOn(device.RefreshToken, "ada", "wrong", fmt.Sprintf("203.0.113.%d", i)), models.ReasonInvalidCredentials)
		}
		expect(t, o.trySignInOn(device.RefreshToken, "ada", rightPassword, "203.0.113.99"), models.ReasonTooManyAttempts)
		expect(t, o.trySignIn("ada", rightPassword, "", "203.0.113.99"), "")
		// Somebody else's ticket makes no device known.
		for range 5 {
			expect(t, o.trySignInOn(device.RefreshToken, "bob", "wrong", "203.0.113.50"), models.ReasonInvalidCredentials)
		}
		expect(t, o.trySignInOn(device.RefreshToken, "bob", rightPassword, "203.0.113.50"), models.ReasonTooManyAttempts)
	})
}

func TestManyGuessesAtOnceAreNoMore(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, o *office) {
		o.customer("ada")
		for _, name := range []string{"ada", "nobody"} {
			reasons := make(map[models.Reason]int)
			var mutex sync.Mutex
			var all sync.WaitGroup
			for range 60 {
				all.Go(func() {
					reason := o.trySignIn(name, "wrong", "", "203.0.113.5").reason()
					mutex.Lock()
					defer mutex.Unlock()
					reasons[reason]++
				})
			}
			all.Wait()
			if reasons[models.ReasonInvalidCredentials] != 5 || reasons[models.ReasonTooManyAttempts] != 55 {
				t.Errorf("%s: %v", name, reasons)
			}
		}
	})
}

func TestSourceIsLimitedForAllNames(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, o *office) {
		o.customer("ada")
		device := o.signIn("ada")
		for i := range 20 {
			expect(t, o.trySignIn(fmt.Sprintf("name%d", i), "wrong", "", "203.0.113.5"), models.ReasonInvalidCredentials)
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
				if o.trySignIn(fmt.Sprintf("other%d", i), "wrong", "", "203.0.113.5").reason() == models.ReasonInvalidCredentials {
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

func TestManyRightPasswordsAtOnce(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, o *office) {
		o.customer("ada")
		var all sync.WaitGroup
		for range 100 {
			all.Go(func() { o.signIn("ada") })
		}
		all.Wait()
	})
}
