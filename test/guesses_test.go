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
		// One household never locks: it has two sources, and what they guess while they must wait
		// counts for nothing.
		for range 4 {
			for _, address := range []string{"203.0.113.5", "2001:db8::5"} {
				guess(5, address)
				expect(t, o.trySignIn("ada", "wrong", "", address), models.ReasonTooManyAttempts)
			}
			o.clock.pass(15 * time.Minute)
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
		if o.log.count("account locked after wrong passwords") != 1 {
			t.Error("the lock was not logged once")
		}
		if wrong := o.trySignIn("ada", "wrong", "", "198.51.100.9"); wrong.text != got.text { // nor is it checked
			t.Errorf("a wrong password while the account is locked: %s", wrong.text)
		}
		// It holds neither on a known device nor for who is signed in, and it ends by itself.
		input := variables{"username": "ada", "password": rightPassword, "deviceToken": device.RefreshToken}
		query := strings.Replace(signInQuery, fields, "customerAccount { isLocked }", 1)
		known := o.post(query, variables{"input": input})
		if locked := known.ticket(t, "createUserTicket").CustomerAccount["isLocked"]; locked != true {
			t.Errorf("isLocked is %v", locked)
		}
		o.refresh(signedIn.RefreshToken)
		o.clock.pass(15 * time.Minute)
		expect(t, o.trySignIn("ada", rightPassword, "", "198.51.100.1"), "")
	})
}

// What is wrong in a row counts, however slowly it comes; of one source no more than it may guess
// before it must wait.
func TestSlowGuessesLock(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, o *office) {
		o.customer("ada")
		for source := range 4 {
			address := fmt.Sprintf("203.0.113.%d", source)
			for range 5 {
				expect(t, o.trySignIn("ada", "wrong", "", address), models.ReasonInvalidCredentials)
				o.clock.pass(20 * time.Minute)
			}
		}
		expect(t, o.trySignIn("ada", rightPassword, "", "198.51.100.1"), "") // the lock has ended by now
		if o.log.count("account locked after wrong passwords") != 1 {
			t.Error("not locked once")
		}
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
		for _, address := range []string{"203.0.113.7", "203.0.113.8", "203.0.113.9", "203.0.113.10"} {
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
			expect(t, o.trySignIn("ada", "wrong", "", "203.0.113.19"), models.ReasonInvalidCredentials)
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
			onDevice := o.trySignInOn(device.RefreshToken, "ada", rightPassword, "198.51.100.1")
			expect(t, onDevice, models.ReasonAccountLocked)
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
