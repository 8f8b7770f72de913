package program_test

import (
	"context"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/authtickets/authtickets/storage/storagetest"
)

// expectHealth checks the server at an address. The address is written like the server's own
// setting.
func expectHealth(t testing.TB, address string, want int, flags ...string) {
	t.Helper()
	variables, command := []string{"AUTHTICKETS_LISTEN=" + address}, append([]string{"health"}, flags...)
	code, stdout, stderr := run(t, t.TempDir(), variables, command...)
	if code != want {
		t.Errorf("health of %s %s: exit code %d: %s%s", address, flags, code, stdout, stderr)
	}
}

func TestHealth(t *testing.T) {
	t.Parallel()

	address := quietAddress(t)
	expectHealth(t, address, 1)
	server := newSite(t, storagetest.SQLite(t)).start()
	_, port, _ := strings.Cut(strings.TrimPrefix(server.url, "http://"), ":")

	for _, address := range []string{"127.0.0.1:" + port, "0.0.0.0:" + port, ":" + port} {
		expectHealth(t, address, 0)
		expectHealth(t, address, 0, "--live")
	}

	s, proxy, ok := behindProxy(t)
	if !ok {
		return
	}

	// A server without its database should be left running.
	waiting := s.through(proxy).startAt()
	_, port, _ = strings.Cut(strings.TrimPrefix(waiting.url, "http://"), ":")
	eventually(t, "the server listens", func() bool { _, err := waiting.get("/livez"); return err == nil })
	expectHealth(t, "127.0.0.1:"+port, 1)
	expectHealth(t, "127.0.0.1:"+port, 0, "--live")
}

func TestSocket(t *testing.T) {
	t.Parallel()

	folder, err := os.MkdirTemp("", "authtickets-socket-") //nolint:usetesting // a socket's path must be short
	must(t, err)
	t.Cleanup(func() { _ = os.RemoveAll(folder) })
	path := filepath.Join(folder, "socket")
	s := newSite(t, storagetest.SQLite(t))
	listen := "--listen=unix:" + path
	code, _, stderr := run(t, s.folder, s.variables(), "serve", listen)
	if code != 1 || !strings.Contains(stderr, "--issuer") {
		t.Errorf("exit code %d: %s", code, stderr)
	}

	start := func() *server {
		p := launch(t, s.folder, s.variables(),
			"serve", listen, "--issuer=https://tickets.example", "--trusted-proxies=127.0.0.1/32")
		eventually(t, "the server serves", func() bool { return p.stdout.count(" serves GraphQL at unix:"+path) == 1 })
		client := newClient(t)
		client.Transport = &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return (&net.Dialer{}).DialContext(ctx, "unix", path)
		}}

		return &server{process: p, url: "http://localhost", client: client}
	}

	server := start()
	token := server.anonymous().RefreshToken
	expectHealth(t, "unix:"+path, 0)
	code, _, stderr = run(t, s.folder, s.variables(), "serve", listen, "--issuer=https://tickets.example")
	if code != 1 || !strings.Contains(stderr, "another process listens") {
		t.Errorf("exit code %d: %s", code, stderr)
	}

	server.kill()
	expectHealth(t, "unix:"+path, 1)
	server = start() // this replaces the socket that was left behind
	server.refresh(token)
	got, err := server.try(t.Context(), signInOperation("nobody", "wrong", ""), "X-Forwarded-For", "203.0.113.7")
	must(t, err)
	expect(t, got, "INVALID_CREDENTIALS")
	eventually(t, "the client's address is known", func() bool { return server.stderr.count("203.0.113.7") == 1 })

	file := filepath.Join(folder, "file")
	must(t, os.WriteFile(file, nil, 0o600))
	code, _, _ = run(t, s.folder, s.variables(), "serve", "--listen=unix:"+file, "--issuer=https://tickets.example")
	if _, err := os.Stat(file); code != 1 || err != nil {
		t.Errorf("a file that is not a socket was deleted: exit code %d, %v", code, err)
	}
}
