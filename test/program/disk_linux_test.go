package program_test

import (
	"os"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/authtickets/authtickets/storage/storagetest"
)

// fill makes a server's disk full: no file may become longer than length.
func (s *server) fill(length uint64) {
	s.t.Helper()
	var limit unix.Rlimit
	must(s.t, unix.Prlimit(s.command.Process.Pid, unix.RLIMIT_FSIZE, nil, &limit))
	limit.Cur = min(length, limit.Max)
	must(s.t, unix.Prlimit(s.command.Process.Pid, unix.RLIMIT_FSIZE, &limit, nil))
}

// If the disk is full in the middle of a refresh, at any byte, nobody loses a session.
func TestDiskFull(t *testing.T) {
	t.Parallel()

	s := newSite(t, storagetest.SQLite(t))
	s.customer("ada", rightPassword)
	server := s.start()
	log := strings.TrimPrefix(s.url, "sqlite://") + "-wal"
	const room = ^uint64(0)

	// The log begins with 32 bytes, and a page of 4096 in it with 24. A refresh changes several
	// pages.
	spaces := []int64{-1 << 40, 0, 1, 24, 25, 1000, 4119, 4120, 4121, 8240, 8241, 12359, 12360, 16480, 20600, 24720}
	failed := 0
	for i, space := range spaces {
		tokens := []string{
			server.anonymous().RefreshToken,
			server.refresh(server.anonymous().RefreshToken).RefreshToken,
			server.signIn("ada").RefreshToken,
		}
		full := make([]answer, len(tokens))
		for i, token := range tokens {
			info, err := os.Stat(log)
			must(t, err)
			server.fill(uint64(max(0, info.Size()+space)))
			full[i] = server.ask(refreshOperation(token))
			if len(full[i].Errors) > 0 {
				failed++
				if full[i].Code() != "TRY_AGAIN" {
					t.Errorf("room for %d bytes: %s", space, full[i].Text)
				}
			}
		}

		server.fill(room)
		if i%2 > 0 { // a new process repeats the refreshes
			server.kill()
			server = s.start()
		}

		for i, token := range tokens {
			next := server.refresh(token)
			if len(full[i].Errors) == 0 && next.raw != string(full[i].Data["refreshTicket"]) {
				t.Errorf("room for %d bytes: not the ticket that was answered: %s, %s", space, next.raw, full[i].Text)
			}

			server.refresh(next.RefreshToken)
		}
	}

	if failed < len(spaces) {
		t.Errorf("only %d refreshes failed", failed)
	}
}
