package program_test

import (
	"net/http"
	"strings"
	"testing"
)

// The sample customers are loaded into a new database, and never into one that has other accounts.
func TestDemo(t *testing.T) {
	t.Parallel()

	folder := t.TempDir()
	for range 2 { // the second time, they exist
		server := serving(launch(t, folder, nil, "serve", "--demo", "--listen=127.0.0.1:0"))
		server.signIn("demo")
		server.kill()
	}

	if code, _, stderr := run(t, folder, nil, "account", "create", "beside", "--no-password"); code != 0 {
		t.Fatal(stderr)
	}
	if code, _, stderr := run(t, folder, nil, "serve", "--demo", "--listen=127.0.0.1:0"); code != 1 ||
		!strings.Contains(stderr, "has accounts already") {
		t.Errorf("one more account: exit code %d: %s", code, stderr)
	}

	for _, name := range []string{"somebody", "demo"} {
		folder := t.TempDir()
		for _, arguments := range [][]string{
			{"account", "create", name, "--no-password"},
			{"account", "create", "imported", "--external-id=demo-2", "--no-password"},
		} {
			if code, _, stderr := run(t, folder, nil, arguments...); code != 0 {
				t.Fatal(stderr)
			}
		}

		code, stdout, stderr := run(t, folder, nil, "serve", "--demo", "--listen=127.0.0.1:0")
		if code != 1 || !strings.Contains(stderr, "has accounts already") || strings.Contains(stdout, "serves") {
			t.Errorf("%s: exit code %d: %s%s", name, code, stdout, stderr)
		}
	}
}

// Once /readyz succeeds, the sample customers can sign in. Scripts of front-end teams rely on that.
func TestDemoIsReadyWithItsCustomers(t *testing.T) {
	t.Parallel()

	folder := t.TempDir()
	for range 2 { // the second time, they exist
		address := quietAddress(t)
		p := launch(t, folder, nil, "serve", "--demo", "--listen="+address)
		server := &server{process: p, url: "http://" + address, client: newClient(t)}
		server.becomes("/readyz", http.StatusOK)
		got := server.ask(signInOperation("locked", rightPassword, ""))
		expect(t, got, "ACCOUNT_LOCKED") // the last of the three customers
		server.signIn("demo")
		server.signIn("imported")
		server.kill()
	}
}
