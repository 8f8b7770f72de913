package program_test

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/authtickets/authtickets/storage/storagetest"
)

// restrict limits how much of a resource a process can use.
func (p *process) restrict(resource int, amount uint64) {
	p.t.Helper()
	var limit unix.Rlimit
	must(p.t, unix.Prlimit(p.command.Process.Pid, resource, nil, &limit))
	limit.Cur = min(amount, limit.Max)
	must(p.t, unix.Prlimit(p.command.Process.Pid, resource, &limit, nil))
}

// throughAnotherConnection returns the server as another client sees it, whose connection is open.
func (s *server) throughAnotherConnection() *server {
	s.t.Helper()
	other := &server{process: s.process, url: s.url, client: newClient(s.t)}
	other.anonymous()
	return other
}

// A server that has no file descriptors left for its database postpones operations, and recovers.
func TestNoDescriptors(t *testing.T) {
	t.Parallel()

	storagetest.Each(t, func(t *testing.T, url string) {
		var clients [16]*server
		s := newSite(t, url)
		s.customer("ada", rightPassword)
		// On MySQL each statement needs another connection. On SQLite only a statement that does
		// not wait for the others needs one.
		server := s.start("--database-lifetime=1ms")
		token := server.signIn("ada").RefreshToken

		// If a client has to connect anew, the server closes idle connections to make room, and
		// their clients get no answer. Then all connect again for another attempt.
		eventually(t, "the database cannot be reached", func() bool {
			server.restrict(unix.RLIMIT_NOFILE, 1024)
			for i := range clients {
				clients[i] = server.throughAnotherConnection()
			}
			server.restrict(unix.RLIMIT_NOFILE, 1) // closing a file makes no room for another

			ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second)
			defer cancel()
			var postponed atomic.Bool
			together(len(clients), func(i int) {
				got, err := clients[i].try(ctx, refreshOperation(token))
				if err != nil || got.Code() == "" {
					return
				}
				if got.Code() != "TRY_AGAIN" {
					t.Errorf("without descriptors: %s", got.Text)
				}

				_, err = clients[i].tryTicket(ctx, anonymousOperation()) // this needs no statement
				if err == nil {
					postponed.Store(true)
				}
			})
			return postponed.Load()
		})

		server.restrict(unix.RLIMIT_NOFILE, 1024)
		eventually(t, "it recovers", func() bool {
			got, err := server.try(t.Context(), refreshOperation(token))
			return err == nil && got.Code() == ""
		})
	})
}

// A server that gets no more threads keeps working, because it made all that it needs at the start.
func TestNoThreads(t *testing.T) {
	t.Parallel()

	const user = 65531
	folder, program := asUser(t, user)
	data := "--data=" + filepath.Join(folder, "data")
	p := launchCommand(t, commandOf(program, user, "serve", "--listen=127.0.0.1:0", data), folder, nil)
	server := serving(p)
	limit := commandOf("/usr/bin/prlimit", user, "--nproc=1:1", fmt.Sprint("--pid=", p.command.Process.Pid))
	if output, err := limit.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, output)
	}

	tokens := make([]string, 64)
	for i := range tokens {
		tokens[i] = server.anonymous().RefreshToken
	}

	for deadline := time.Now().Add(2 * time.Second); time.Now().Before(deadline); {
		together(len(tokens), func(i int) {
			next, err := server.tryTicket(context.WithoutCancel(t.Context()), refreshOperation(tokens[i]))
			if err != nil {
				t.Error(err)
				return
			}

			tokens[i] = next.RefreshToken
		})
		if !server.running() || strings.Contains(server.stderr.String(), "new OS thread") {
			t.Fatal("the server has ended")
		}
	}
}
