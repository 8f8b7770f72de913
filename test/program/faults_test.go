package program_test

import (
	"net/http"
	"strings"
	"syscall"
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

// A server that starts before its database waits for it. It is alive but not ready, and says why.
// Then it becomes ready.
func TestDatabaseComesLater(t *testing.T) {
	t.Parallel()

	url, ok := storagetest.MySQL(t)
	if !ok {
		return
	}

	proxy := newProxy(t, url)
	s := newSite(t, url)
	server := s.through(proxy).startAt(impatient()...)
	server.becomes("/livez", http.StatusOK)
	server.expectStatus("/readyz", http.StatusServiceUnavailable)
	eventually(t, "the server says what it waits for", func() bool {
		return server.stderr.count(`"level":"ERROR"`, "the database does not answer", "connection refused") > 0
	})
	token := s.start().anonymous().RefreshToken
	begin := time.Now()
	if got := server.ask(refreshOperation(token)); got.Code() != "TRY_AGAIN" || time.Since(begin) > giveUp {
		t.Errorf("after %s: %s", time.Since(begin), got.Text)
	}

	proxy.listen()
	server.becomes("/readyz", http.StatusOK)
	server.refresh(token)
	eventually(
		t,
		"the server says where it serves",
		func() bool { return strings.Contains(server.stdout.String(), "serves GraphQL at "+server.url) },
	)
}

// The server does not give up if its database goes away while it checks the schema.
func TestDatabaseComesAndGoes(t *testing.T) {
	t.Parallel()

	s, proxy, ok := behindProxy(t)
	if !ok {
		return
	}

	lost := proxy.stallsBeforeAnswer("schema_versions")
	proxy.listen()
	server := s.through(proxy).startAt(impatient()...)
	<-lost
	eventually(
		t,
		"the server notices",
		func() bool { return !server.running() || server.stderr.count("the database does not answer") > 0 },
	)
	if !server.running() {
		t.Fatal("the server gave up")
	}

	server.expectStatus("/readyz", http.StatusServiceUnavailable)
	proxy.passes()
	server.becomes("/readyz", http.StatusOK)
}

// A server stops when asked, even while it waits for its database.
func TestStopWithoutDatabase(t *testing.T) {
	t.Parallel()

	url, ok := storagetest.MySQL(t)
	if !ok {
		return
	}

	s := emptySite(t, url).through(newProxy(t, url))
	server := s.startAt("--shutdown-delay=0s")
	eventually(t, "the server waits", func() bool { return server.stderr.count("the database does not answer") > 0 })
	must(t, server.command.Process.Signal(syscall.SIGTERM))
	if code := server.wait(); code != 0 {
		t.Errorf("exit code %d", code)
	}
}

// Operations are postponed until the schema exists.
func TestDatabaseIsMigratedLater(t *testing.T) {
	t.Parallel()

	url, ok := storagetest.MySQL(t)
	if !ok {
		return
	}

	proxy := newProxy(t, url)
	proxy.listen()
	proxy.slows(20 * time.Millisecond) // so that the deadline can pass in between
	s := emptySite(t, url).through(proxy)
	foreign := newSite(t, storagetest.SQLite(t)) // with the same keys
	foreign.keys = s.keys
	token := foreign.start().anonymous().RefreshToken
	server := s.startAt("--migrate")
	server.becomes("/livez", http.StatusOK)

	for {
		got := server.ask(refreshOperation(token))
		if len(got.Errors) == 0 {
			break
		}
		if got.Code() != "TRY_AGAIN" {
			t.Fatal(got.Text)
		}
	}
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

// The server may not learn that the database has carried out a statement. Still, everything happens
// only once.
func TestDatabaseAnswerIsLost(t *testing.T) {
	t.Parallel()

	s, proxy, ok := behindProxy(t)
	if !ok {
		return
	}

	ada, bob := s.customer("ada", rightPassword), s.customer("bob", rightPassword)
	proxy.listen()
	server := s.through(proxy).start()
	loses := func(statement string, operation operation, headers ...string) answer {
		t.Helper()
		lost := proxy.losesAnswer(statement)
		got := server.ask(operation, headers...)

		select {
		case <-lost:
		default:
			t.Fatalf("there was no statement %q", statement)
		}

		return got
	}

	expectNumber := func(want int, query string, values ...any) {
		t.Helper()
		if got := s.number(query, values...); got != want {
			t.Errorf("%s: want %d, got %d", query, want, got)
		}
	}

	// Refresh.
	anonymous := server.anonymous()
	first := loses("INSERT INTO sessions", refreshOperation(anonymous.RefreshToken))
	expect(t, first, "")
	next := server.refresh(anonymous.RefreshToken)
	if next.raw != string(first.Data["refreshTicket"]) {
		t.Errorf("not the same ticket: %s %s", next.raw, first.Text)
	}

	expect(t, loses("UPDATE sessions SET generation", refreshOperation(next.RefreshToken)), "")
	expectNumber(2, "SELECT MAX(generation) FROM sessions")

	// Sign-in, with and without a claim.
	const sessionsOf = "SELECT COUNT(*) FROM sessions WHERE user_id = ? AND ended_at IS NULL"
	expect(t, loses("INSERT INTO sessions", signInOperation("ada", rightPassword, "")), "")
	expectNumber(1, sessionsOf, ada.UserID)

	for _, statement := range []string{"INSERT INTO sessions", "ended_at = CASE", "COMMIT"} {
		anonymous := server.anonymous()
		got := loses(statement, signInOperation("ada", rightPassword, anonymous.RefreshToken))
		if !strings.Contains(got.Text, `"claimedAnonymousUserId":"`+anonymous.UserID+`"`) {
			t.Errorf("%s: nobody was claimed: %s", statement, got.Text)
		}

		expect(t, server.ask(refreshOperation(anonymous.RefreshToken)), "SIGNED_IN")
	}

	expectNumber(4, sessionsOf, ada.UserID)

	// If it is unknown whether a wrong password was counted, the answer reveals nothing, and the
	// password counts once.
	lost := proxy.losesAnswer("INSERT INTO `name_guesses`")
	expect(t, server.ask(signInOperation("bob", "wrong", "")), "BUSY")
	<-lost
	expectNumber(1, "SELECT in_window FROM name_guesses WHERE user_id = ?", bob.UserID)

	// Sign-out.
	token := server.signIn("ada").RefreshToken
	if ended := loses("UPDATE sessions SET ended_at", revokeOperation(token, false)).sessionsEnded(t); ended != 1 {
		t.Errorf("sign-out: %d sessions ended", ended)
	}

	expectNumber(4, sessionsOf, ada.UserID)
	token = server.signIn("ada").RefreshToken
	loses("UPDATE sessions SET ended_at", revokeOperation(token, true)).sessionsEnded(t)
	expectNumber(0, sessionsOf, ada.UserID)
	server.signIn("ada")
	token = server.signIn("ada").RefreshToken
	loses("WHERE user_id IN ", revokeOperation(token, true)).sessionsEnded(t)
	expectNumber(0, sessionsOf, ada.UserID)

	unwritten := server.anonymous().RefreshToken
	loses("INSERT INTO sessions ", revokeOperation(unwritten, false)).sessionsEnded(t)
	expect(t, server.ask(refreshOperation(unwritten)), "SIGNED_OUT")

	// A refresh token is used twice.
	impostor := s.through(proxy).start("--reuse-window=0s")
	stolen := impostor.anonymous().RefreshToken
	impostor.refresh(stolen)
	server = impostor
	expect(t, loses("UPDATE sessions SET ended_at", refreshOperation(stolen)), "TOKEN_REUSED")
	expectNumber(1, "SELECT COUNT(*) FROM sessions WHERE end_reason = 'TOKEN_REUSED'")
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
