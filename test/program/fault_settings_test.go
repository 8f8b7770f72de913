package program_test

import (
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/authtickets/authtickets/storage/storagetest"
)

// Pages of listed origins and of this machine may ask for faults, but other pages may not.
func TestFaultsOfPages(t *testing.T) {
	t.Parallel()

	const shop = "https://shop.example"
	_, server := faulty(t, "--origins="+shop)
	plain := newSite(t, storagetest.SQLite(t)).start("--origins=" + shop)
	const allowedOrigin, allowedHeaders = "Access-Control-Allow-Origin", "Access-Control-Allow-Headers"
	origins := map[string]bool{shop: true, "http://localhost:5173": true, "https://foreign.example": false}

	for origin, mayAsk := range origins {
		asked := server.preflight(origin, "content-type,x-fault")
		mayCall, mayFail := asked.Get(allowedOrigin) == origin, strings.Contains(asked.Get(allowedHeaders), "x-fault")
		if mayCall != mayAsk || mayFail != mayAsk {
			t.Errorf("%s: %v", origin, asked)
		}

		got := server.ask(anonymousOperation(), "Origin", origin, "X-Fault", "busy")
		if allowed := got.Header.Get(allowedOrigin) == origin; allowed != mayAsk {
			t.Errorf("%s: %v %s", origin, got.Header, got.Text)
		}
	}

	got := plain.preflight(shop, "content-type,x-fault")
	if got.Get(allowedOrigin) != "" || got.Get(allowedHeaders) != "" {
		t.Errorf("without --faults: %v", got)
	}
	if got := plain.preflight(shop, "content-type,x-app"); got.Get(allowedOrigin) != shop {
		t.Errorf("without --faults, another header: %v", got)
	}
}

// preflight asks, like a browser, whether a page may send headers.
func (s *server) preflight(origin, headers string) http.Header {
	s.t.Helper()
	request, err := http.NewRequestWithContext(soon(s.t), http.MethodOptions, s.url+"/graphql", nil)
	must(s.t, err)
	request.Header.Set("Origin", origin)
	request.Header.Set("Access-Control-Request-Method", http.MethodPost)
	request.Header.Set("Access-Control-Request-Headers", headers)
	got, err := send(s.client, request)
	must(s.t, err)

	return got.Header
}

// Without the setting, the header is ignored.
func TestFaultsOff(t *testing.T) {
	t.Parallel()

	s := newSite(t, storagetest.SQLite(t))
	s.customer("ada", rightPassword)
	server := s.start()
	first := server.signIn("ada")

	for _, fault := range []string{
		"drop", "delay=10s", "busy", "shift=720h", "end", "rotate", "nonsense", "busy, busy",
	} {
		expect(t, server.shopper(first.AccessToken, "X-Fault", fault), "")
	}

	first = ticketOf(t, server.ask(refreshOperation(first.RefreshToken), "X-Fault", "end, busy, drop"))
	server.refresh(first.RefreshToken)
	if got := s.number("SELECT COUNT(*) FROM keysets"); got != 2 {
		t.Errorf("the keys were rotated: there are %d keysets", got)
	}
	if server.stderr.count("faults") != 0 {
		t.Error(server.stderr.String())
	}
}

// Faults are only for the developer's own machine. At the start, the log says that they are on.
func TestFaultsOnlyHere(t *testing.T) {
	t.Parallel()

	folder := t.TempDir()
	keys := filepath.Join(folder, "keys.json")
	if code, _, stderr := run(t, folder, nil, "keys", "create", keys); code != 0 {
		t.Fatal(stderr)
	}

	mysql := []string{"AUTHTICKETS_DATABASE=mysql://user@127.0.0.1:1/name", "AUTHTICKETS_KEYS=" + keys}
	const database, address = "--faults: only on the embedded database", "--faults: only on a loopback address"
	for _, test := range []struct {
		variables, flags []string
		want             []string
	}{
		{mysql, []string{"--faults", "--listen=127.0.0.1:0"}, []string{database}},
		{append(mysql, "AUTHTICKETS_FAULTS=true"), []string{"--listen=127.0.0.1:0"}, []string{database}},
		{nil, []string{"--faults", "--listen=0.0.0.0:0"}, []string{address}},
		{nil, []string{"--faults", "--listen=:0"}, []string{address}},
		{[]string{"AUTHTICKETS_FAULTS=1"}, []string{"--listen=192.0.2.1:0"}, []string{address}},
		{mysql, []string{"--faults", "--listen=0.0.0.0:0"}, []string{database, address}},
	} {
		code, stdout, stderr := run(t, folder, test.variables, append([]string{"serve"}, test.flags...)...)
		if code != 1 || stdout != "" {
			t.Errorf("%s %s: exit code %d: %s", test.variables, test.flags, code, stdout)
		}

		for _, want := range test.want {
			if !strings.Contains(stderr, want) {
				t.Errorf("%s %s: want %q, got %s", test.variables, test.flags, want, stderr)
			}
		}
	}

	if _, err := os.Stat(filepath.Join(folder, "data")); err == nil {
		t.Error("a database was made")
	}

	variables := []string{"AUTHTICKETS_FAULTS=true"}
	server := serving(launch(t, t.TempDir(), variables, "serve", "--demo", "--listen=127.0.0.1:0"))
	expect(t, server.ask(anonymousOperation(), "X-Fault", "busy"), "BUSY")
	if got := server.stderr.count("level=WARN", "faults are on"); got != 1 {
		t.Errorf("%d warnings: %s", got, server.stderr.String())
	}
}
