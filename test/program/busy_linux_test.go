package program_test

import (
	"fmt"
	"os"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/authtickets/authtickets/storage/storagetest"
)

// peak returns the most memory that a process has used so far, in MiB.
func (p *process) peak() int {
	p.t.Helper()
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", p.command.Process.Pid))
	must(p.t, err)
	_, after, _ := strings.Cut(string(status), "VmHWM:")
	var kilobytes int
	_, err = fmt.Sscan(after, &kilobytes)
	must(p.t, err)

	return kilobytes >> 10
}

// More shoppers sign in than the server can hash in time. Some get in, and the others are told to
// try again. This costs the server no memory, and does not slow down anyone else.
func TestManySignInsAtOnce(t *testing.T) {
	t.Parallel()

	storagetest.Each(t, func(t *testing.T, url string) {
		s := newSite(t, url)
		s.customer("ada", rightPassword)
		server := s.start(
			"--hash-memory=19456",
			"--hash-iterations=2",
			"--hash-concurrent=1",
			"--hash-wait=1s",
			"--trusted-proxies=127.0.0.0/8",
		)

		token := server.signIn("ada").RefreshToken // this renews the hash
		var signedIn, busy atomic.Int64
		done := make(chan struct{})
		go func() {
			defer close(done)
			together(200, func(i int) {
				got, err := server.try(
					t.Context(),
					signInOperation("ada", rightPassword, ""),
					"X-Forwarded-For",
					fmt.Sprintf("203.0.113.%d", i),
				)

				switch {
				case err != nil:
					t.Error(err)
				case len(got.Errors) == 0:
					signedIn.Add(1)
				case got.Code() == "TRY_AGAIN" && got.Reason() == "BUSY" &&
					got.Errors[0].Extensions.NextStep == "WAIT" && got.Errors[0].Extensions.RetryAfterSeconds > 0:
					busy.Add(1)
				default:
					t.Error(got.Text)
				}
			})
		}()

		served := 0
		for waiting := true; waiting; {
			begin := time.Now()
			server.anonymous()
			token = server.refresh(token).RefreshToken
			if took := time.Since(begin); took > giveUp {
				t.Errorf("tickets took %s", took)
			}

			select {
			case <-done:
				waiting = false
			default:
				served++
			}
		}

		if signedIn.Load() == 0 || busy.Load() == 0 || served < 5 {
			t.Errorf(
				"%d have signed in, %d were told to wait, and %d times others got tickets meanwhile",
				signedIn.Load(),
				busy.Load(),
				served,
			)
		}

		most := 256 // the server's own limit
		if raceDetector() {
			most *= 4 // it needs memory of its own
		}
		if peak := server.peak(); peak > most {
			t.Errorf("it took %d MiB", peak)
		}
	})
}
