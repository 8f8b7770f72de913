package program_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/authtickets/authtickets/storage/storagetest"
)

// impatient returns the flags of a server that quickly gives up on its database.
func impatient() []string {
	return []string{"--database-connect-wait=300ms", "--database-statement-wait=300ms", "--request-timeout=2s"}
}

// giveUp is the time within which an impatient server must answer, even on a busy machine.
const giveUp = 10 * time.Second

// behindProxy returns a site whose servers reach MySQL through a proxy. The test itself does not
// use the proxy. Without MySQL it returns false.
func behindProxy(t *testing.T) (*site, *proxy, bool) {
	t.Helper()
	url, ok := storagetest.MySQL(t)
	if !ok {
		return nil, nil, false
	}

	return newSite(t, url), newProxy(t, url), true
}

// through returns the site as its servers see it.
func (s *site) through(p *proxy) *site {
	seen := *s
	seen.url = p.url
	return &seen
}

// While the database does not answer, the server postpones what needs it, in time and with a code
// that says so. The rest works, and afterwards everything works at once. Nothing is done twice.
func TestDatabaseFails(t *testing.T) {
	t.Parallel()

	for name, fail := range map[string]func(p *proxy){"stops": (*proxy).stalls, "refuses": (*proxy).refuses} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			s, proxy, ok := behindProxy(t)
			if !ok {
				return
			}

			proxy.listen()
			server := s.through(proxy).start(impatient()...)
			scene := newScene(t, s, server)
			scene.connect()
			server.expectStatus("/readyz", http.StatusOK)

			fail(proxy)
			scene.allFail()
			server.expectStatus("/readyz", http.StatusServiceUnavailable)
			server.expectStatus("/livez", http.StatusOK)
			server.anonymous()
			proxy.passes()
			scene.allWorkInTheEnd()
			server.becomes("/readyz", http.StatusOK)
			scene.expectOnce()
		})
	}
}

// The database hangs for longer than the reuse window. Still, an honest client's repeated request
// does not look like a stolen token.
func TestDatabaseStandsStill(t *testing.T) {
	t.Parallel()

	s, proxy, ok := behindProxy(t)
	if !ok {
		return
	}

	s.customer("ada", rightPassword)
	proxy.listen()
	server := s.through(proxy).start(append(impatient(), "--reuse-window=1s")...)
	tokens := map[string]string{
		"anonymous": server.anonymous().RefreshToken,
		"refreshed": server.refresh(server.anonymous().RefreshToken).RefreshToken,
		"customer":  server.signIn("ada").RefreshToken,
	}
	proxy.stalls()

	for name, token := range tokens {
		if got := server.ask(refreshOperation(token)); got.Code() != "TRY_AGAIN" {
			t.Errorf("%s: %s", name, got.Text)
		}
	}

	time.Sleep(3 * time.Second) // the running request is older than the window, and past its deadline
	proxy.passes()
	server.becomes("/readyz", http.StatusOK)
	time.Sleep(time.Second)

	for name, token := range tokens {
		if got := server.ask(refreshOperation(token)); len(got.Errors) > 0 {
			t.Errorf("%s: %s", name, got.Text)
		}
	}
}

// killConnections makes the database close all connections to the site.
func (s *site) killConnections() {
	s.t.Helper()
	for _, id := range s.texts("SELECT id FROM information_schema.processlist WHERE db = DATABASE()") {
		_, _ = s.database().ExecContext(s.t.Context(), "KILL "+id) // some have ended already
	}
}

// Connections that break while they are idle, or during a statement, are replaced. No client
// notices.
func TestDatabaseConnectionsBreak(t *testing.T) {
	t.Parallel()

	for name, fault := range map[string]func(s *site, p *proxy){
		"cut":    func(_ *site, p *proxy) { p.cut() },
		"killed": func(s *site, _ *proxy) { s.killConnections() },
		"slow":   func(_ *site, p *proxy) { p.slows(20 * time.Millisecond) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()

			s, proxy, ok := behindProxy(t)
			if !ok {
				return
			}

			proxy.listen()
			scene := newScene(t, s, s.through(proxy).start())
			scene.connect()
			fault(s, proxy)
			scene.allWork()
			proxy.passes()
			scene.expectOnce()
		})
	}
}

// If someone else keeps the database busy, operations are postponed in time, no matter which wait
// ends first.
func TestDatabaseIsBusy(t *testing.T) {
	t.Parallel()

	for name, flags := range map[string][]string{
		"statement": {"--database-statement-wait=100ms", "--request-timeout=3s"},
		"request":   {"--database-statement-wait=5s", "--request-timeout=2s"},
	} {
		t.Run(name, func(t *testing.T) {
			storagetest.Each(t, func(t *testing.T, url string) {
				s := newSite(t, url)
				scene := newScene(t, s, s.start(flags...))
				delete(scene.operations, "account") // reading still works
				delete(scene.operations, "wrong password")
				release := s.hold()
				scene.allFail()
				scene.anonymous()
				release()
				scene.allWorkInTheEnd()
				scene.expectOnce()
			})
		})
	}
}

// A deadline may pass at any moment, even during a statement.
func TestDeadlineStrikes(t *testing.T) {
	t.Parallel()

	storagetest.Each(t, func(t *testing.T, url string) {
		s := newSite(t, url)
		s.customer("ada", rightPassword)
		patient := s.start()
		tokens := make([]string, 25)
		together(len(tokens), func(i int) { tokens[i] = patient.anonymous().RefreshToken })
		tokens = append(tokens, patient.signIn("ada").RefreshToken)
		struck := 0

		for _, timeout := range []string{"500us", "1ms", "2ms", "5ms", "10ms"} {
			hasty := s.start("--request-timeout=" + timeout)
			answers := make([]answer, 4*len(tokens))
			together(len(answers), func(i int) {
				var err error
				if answers[i], err = hasty.try(t.Context(), refreshOperation(tokens[i%len(tokens)])); err != nil {
					t.Error(err)
				}
			})

			for _, got := range answers {
				if got.Code() == "TRY_AGAIN" {
					struck++
				} else {
					expect(t, got, "")
				}
			}

			hasty.kill()
			for i := range tokens {
				tokens[i] = patient.refresh(tokens[i]).RefreshToken
			}
		}

		if struck == 0 {
			t.Error("no deadline has passed")
		}
	})
}
