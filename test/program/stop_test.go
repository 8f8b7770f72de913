package program_test

import (
	"context"
	"math/rand/v2"
	"net/http"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/authtickets/authtickets/storage/storagetest"
)

// begin sends operations, and returns once they wait for a database that someone else holds.
func (s *server) begin(operations ...operation) <-chan answer {
	s.t.Helper()
	begun := func() int { return s.stderr.count(`"statement"`, "SELECT", "customer_accounts", `"failed":false`) }
	before := begun()
	answers := make(chan answer, len(operations))

	for _, operation := range operations {
		go func() {
			got, err := s.try(context.WithoutCancel(s.t.Context()), operation)
			if err != nil {
				s.t.Error(err)
			}
			answers <- got
		}()
	}

	eventually(s.t, "the operations have begun", func() bool { return begun() == before+len(operations) })
	return answers
}

// A server that is asked to stop first reports that, then refuses new connections, and completes
// the requests that it has begun.
func TestStop(t *testing.T) {
	t.Parallel()

	for name, signal := range map[string]os.Signal{"SIGTERM": syscall.SIGTERM, "SIGINT": os.Interrupt} {
		t.Run(name, func(t *testing.T) {
			storagetest.Each(t, func(t *testing.T, url string) {
				s := newSite(t, url)
				for _, name := range []string{"ada", "bob", "eve"} { // requests for one name take turns
					s.customer(name, rightPassword)
				}

				server := s.start("--shutdown-delay=500ms")
				token := server.signIn("ada").RefreshToken
				server.expectStatus("/readyz", http.StatusOK)
				release := s.hold()
				signIn := func(name string) operation { return signInOperation(name, rightPassword, "") }
				refresh := refreshOperation(token)
				answers := server.begin(refresh, signIn("ada"), refresh, signIn("bob"), signIn("eve"))

				must(t, server.command.Process.Signal(signal))
				reportedStop := false
				eventually(t, "new connections are refused", func() bool {
					status, err := server.get("/readyz")
					reportedStop = reportedStop || status == http.StatusServiceUnavailable
					return err != nil
				})
				if !reportedStop {
					t.Error("/readyz never reported that the server stops")
				}

				if len(answers) > 0 || !server.running() {
					t.Fatalf("the server did not complete the requests that it had begun: %v", <-answers)
				}

				release()
				for range cap(answers) {
					expect(t, <-answers, "")
				}

				if code := server.wait(); code != 0 {
					t.Errorf("exit code %d", code)
				}
			})
		})
	}
}

// A server does not wait forever.
func TestStopGivesUp(t *testing.T) {
	t.Parallel()

	storagetest.Each(t, func(t *testing.T, url string) {
		s := newSite(t, url)
		s.customer("ada", rightPassword)
		server := s.start("--shutdown-delay=0s", "--shutdown-wait=200ms")
		s.hold()
		go func() {
			_, _ = server.try(context.WithoutCancel(t.Context()), signInOperation("ada", rightPassword, ""))
		}()
		eventually(t, "the sign-in has begun", func() bool { return server.stderr.count("sign_in_names") > 0 })
		must(t, server.command.Process.Signal(syscall.SIGTERM))
		if code := server.wait(); code != 1 ||
			!strings.Contains(server.stderr.String(), "requests were still running") {
			t.Errorf("exit code %d", code)
		}
	})
}

// A server is killed after it committed, and before its answer arrived. Nothing is lost: the
// client's retry gets the same ticket.
func TestKilledBeforeTheAnswer(t *testing.T) {
	t.Parallel()

	storagetest.Each(t, func(t *testing.T, url string) {
		s := newSite(t, url)
		s.customer("ada", rightPassword)
		server := s.start()
		anonymous, customer := server.anonymous().RefreshToken, server.signIn("ada").RefreshToken

		for range 2 { // the first refresh of an anonymous session uses another statement
			lost := [2]ticket{server.refresh(anonymous), server.refresh(customer)}
			server.kill()
			server = s.start()
			if got := [2]ticket{server.refresh(anonymous), server.refresh(customer)}; got != lost {
				t.Errorf("want the lost tickets\n%v\ngot\n%v", lost, got)
			}

			anonymous, customer = lost[0].RefreshToken, lost[1].RefreshToken
		}
	})
}

// A server is killed after its database carried out a statement, and before the database's answer
// arrives. The client's retry gets the same ticket as well.
func TestKilledAtTheAnswer(t *testing.T) {
	t.Parallel()

	s, proxy, ok := behindProxy(t)
	if !ok {
		return
	}

	proxy.listen()
	server := s.through(proxy).start()
	token := server.anonymous().RefreshToken

	for _, statement := range []string{"INSERT INTO sessions", "UPDATE sessions SET generation"} {
		lost := proxy.stallsBeforeAnswer(statement)
		answered := make(chan error, 1)
		go func() {
			_, err := server.tryTicket(context.WithoutCancel(t.Context()), refreshOperation(token))
			answered <- err
		}()
		<-lost
		server.kill()
		if err := <-answered; err == nil {
			t.Fatal("the server answered before it was killed")
		}

		proxy.passes()
		server = s.through(proxy).start()
		first, again := server.refresh(token), server.refresh(token)
		if first.raw != again.raw {
			t.Errorf("not the same ticket:\n%s\n%s", first.raw, again.raw)
		}

		token = first.RefreshToken
	}

	if got := s.number("SELECT MAX(generation) FROM sessions"); got != 2 {
		t.Errorf("two refreshes have led to generation %d", got)
	}
}

// A server that is killed under load, at any moment, signs nobody out.
func TestKilledUnderLoad(t *testing.T) {
	t.Parallel()

	storagetest.Each(t, func(t *testing.T, url string) {
		s := newSite(t, url)
		s.customer("ada", rightPassword)
		server := s.start()
		tokens := make([]string, 8)

		for i := range tokens {
			tokens[i] = server.anonymous().RefreshToken
			if i%2 == 0 {
				tokens[i] = server.signIn("ada").RefreshToken
			}
		}

		for range 3 {
			var answered atomic.Int64
			var group sync.WaitGroup
			for i := range tokens {
				group.Go(func() {
					for {
						next, err := server.tryTicket(t.Context(), refreshOperation(tokens[i]))
						if err != nil {
							return
						}

						tokens[i] = next.RefreshToken
						answered.Add(1)
					}
				})
			}

			eventually(t, "refreshes are answered", func() bool { return answered.Load() >= int64(2*len(tokens)) })
			time.Sleep(rand.N(20 * time.Millisecond))
			server.kill()
			group.Wait()
			server = s.start()

			for i, token := range tokens {
				tokens[i] = server.refresh(token).RefreshToken
			}
		}

		if ended := s.number("SELECT COUNT(*) FROM sessions WHERE ended_at IS NOT NULL"); ended > 0 {
			t.Errorf("%d sessions were ended", ended)
		}
	})
}
