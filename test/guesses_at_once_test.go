package test_test

import (
	"fmt"
	"io"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/authtickets/authtickets/models"
	"github.com/authtickets/authtickets/password"
	"github.com/authtickets/authtickets/tickets"
)

func TestGuessesAtOnceAreLimited(t *testing.T) {
	t.Parallel()

	onEach(t, func(t *testing.T, o *office) {
		o.customer("ada")
		for _, name := range []string{"ada", "nobody"} {
			reasons := make(map[models.Reason]int)
			var mutex sync.Mutex
			var all sync.WaitGroup

			for range 60 {
				all.Go(func() {
					reason := o.trySignIn(name, "wrong", "", "203.0.113.5").Reason()
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

// A client that does not wait for the answer still uses up a guess, and learns nothing from how it
// is disconnected.
func TestGuessesOfClosedConnectionsCount(t *testing.T) {
	t.Parallel()

	onEach(t, func(t *testing.T, o *office) {
		o.customer("ada")
		for _, name := range []string{"ada", "nobody"} {
			for judged, tries := 0, 0; judged < 5 && tries < 100; tries++ {
				text := o.signInHalfClosed(name, "203.0.113.5")
				switch { // the password was checked, or the request ended before
				case strings.Contains(text, "INVALID_CREDENTIALS"):
					judged++
				case !strings.Contains(text, "TIMED_OUT"):
					t.Fatalf("%s: %s", name, text)
				}
			}
		}

		other := openWith(t, o.url, o.Keys, o.clock) // it knows only what is in the database
		expect(t, other.trySignIn("ada", rightPassword, "", "203.0.113.5"), models.ReasonTooManyAttempts)
	}, func(w *tickets.Office) { // slow enough to notice the end of the request
		hasher, err := password.New(password.Settings{MemoryKiB: 19456, Iterations: 2})
		must(t, err)
		w.Hasher = hasher
	})
}

// signInHalfClosed sends a wrong password and closes its side of the connection at once, which ends
// the context of the request. It returns the body of the answer.
func (o *office) signInHalfClosed(name, address string) string {
	o.t.Helper()
	connection, err := net.Dial("tcp", o.web.Listener.Addr().String()) //nolint:noctx // it connects at once
	must(o.t, err)
	defer connection.Close() //nolint:errcheck // read to its end

	body := fmt.Sprintf(`{"query":%q,"variables":{"input":{"username":%q,"password":"wrong"}}}`, signInQuery, name)
	_, err = fmt.Fprintf(connection, "POST /graphql HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"+
		"X-Forwarded-For: %s\r\nContent-Length: %d\r\n\r\n%s", address, len(body), body)
	must(o.t, err)
	if half, ok := connection.(*net.TCPConn); ok {
		time.Sleep(8 * time.Millisecond) // until the server computes the hash
		must(o.t, half.CloseWrite())
	}

	answer, err := io.ReadAll(connection)
	must(o.t, err)
	_, text, _ := strings.Cut(string(answer), "\r\n\r\n")
	return text
}
