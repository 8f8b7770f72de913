package program_test

import (
	"net/http"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/authtickets/authtickets/storage/storagetest"
)

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
