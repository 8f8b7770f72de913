package program_test

import (
	"io"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/authtickets/authtickets/storage/storagetest"
)

// deaf starts a server at debug level whose log and greeting go into a pipe that nobody reads.
func (s *site) deaf() (*server, *os.File) {
	s.t.Helper()
	log, end, err := os.Pipe()
	must(s.t, err)
	s.t.Cleanup(func() { _ = log.Close() })
	address := quietAddress(s.t)
	command := exec.Command(executable, "serve", "--listen="+address, "--shutdown-delay=0s")
	p := &process{t: s.t, command: command, ended: make(chan struct{})}
	command.Dir, command.Stdout, command.Stderr = s.folder, end, end
	command.Env = append([]string{"HOME=" + s.folder, "TMPDIR=" + s.folder}, s.variables()...)
	must(s.t, command.Start())
	must(s.t, end.Close())
	go func() { _ = command.Wait(); close(p.ended) }()
	s.t.Cleanup(func() { p.kill() })

	return &server{process: p, url: "http://" + address, client: newClient(s.t)}, log
}

// If nobody reads the log, neither answers nor stopping wait for that. Dropped lines are counted,
// and reported when someone reads again.
func TestNobodyReadsTheLog(t *testing.T) {
	t.Parallel()

	for _, end := range []string{"SIGTERM", "read again", "reader gone"} {
		t.Run(end, func(t *testing.T) {
			t.Parallel()

			s := newSite(t, storagetest.SQLite(t))
			server, log := s.deaf()
			eventually(t, "the server serves", func() bool {
				status, err := server.get("/readyz")
				return err == nil && status == 200
			})

			for range 40 { // about 2 MB; a pipe holds 64 kB, and the server another part
				together(200, func(int) {
					began := time.Now()
					server.anonymous()
					if took := time.Since(began); took > giveUp {
						t.Errorf("a ticket took %s", took)
					}
				})
			}

			switch end {
			case "read again":
				read := make(chan string)
				go func() {
					text, _ := io.ReadAll(log)
					read <- string(text)
				}()
				time.Sleep(100 * time.Millisecond)
				server.anonymous()
				must(t, server.command.Process.Signal(syscall.SIGTERM))
				if text := <-read; !strings.Contains(text, "lines of the log were dropped") {
					t.Errorf("%d bytes, but no line about dropped lines", len(text))
				}

				if code := server.wait(); code != 0 {
					t.Errorf("exit code %d", code)
				}

				return
			case "reader gone":
				must(t, log.Close())
				server.anonymous()
				time.Sleep(100 * time.Millisecond)
				server.anonymous()
			}

			began := time.Now()
			must(t, server.command.Process.Signal(syscall.SIGTERM))
			if code := server.wait(); code != 0 || time.Since(began) > giveUp {
				t.Errorf("exit code %d after %s", code, time.Since(began))
			}
		})
	}
}

// A server outlives the terminal that started it.
func TestHangup(t *testing.T) {
	t.Parallel()

	server := newSite(t, storagetest.SQLite(t)).start()
	must(t, server.command.Process.Signal(syscall.SIGHUP))
	eventually(t, "the log says what the signal does", func() bool {
		return server.stderr.count("SIGHUP does nothing") == 1
	})
	server.anonymous()
}
