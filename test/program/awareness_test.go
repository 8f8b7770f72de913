package program_test

import (
	"fmt"
	"net/http"
	"strings"
	"syscall"
	"testing"

	"github.com/authtickets/authtickets/storage/storagetest"
)

// What Apollo's clients say about themselves is logged with each request, and counted.
func TestClientAwareness(t *testing.T) {
	t.Parallel()

	server := newSite(t, storagetest.SQLite(t)).start("--shutdown-delay=0s")
	ask := func(headers ...string) {
		server.exchange(http.MethodPost, "", `{"query":"{ __typename }"}`, append(headers, "Content-Type", jsonType)...)
	}
	const name, version = "apollographql-client-name", "apollographql-client-version"

	for range 3 {
		ask(name, "web shop", version, "1.2.3")
	}

	ask(name, "web shop", version, "1.3.0")
	ask(name, "kiosk")
	ask(version, "9")
	ask(name, `"`+marker+`" {}`)
	ask(name, "kiosk", version, "{}"+marker)
	ask(name, strings.Repeat(marker, 9))

	for i := range 300 { // clients cannot make the server remember without limit
		ask(name, fmt.Sprintf("made-up-%d", i))
	}

	if server.stderr.count(`"msg":"request"`, `"client":"web shop"`, `"clientVersion":"1.2.3"`) != 3 {
		t.Error("the log does not name the client of the requests")
	}

	must(t, server.command.Process.Signal(syscall.SIGTERM))
	server.wait()
	counted := func(client, version string, requests int) {
		t.Helper()
		counted := fmt.Sprintf(`"client":%q,"version":%q,"requests":%d`, client, version, requests)
		if server.stderr.count(`"msg":"requests of a client"`, counted) != 1 {
			t.Errorf("%s %s is not counted as %d", client, version, requests)
		}
	}

	counted("web shop", "1.2.3", 3)
	counted("web shop", "1.3.0", 1)
	counted("kiosk", "", 1)
	if lines := server.stderr.count(`"msg":"requests of a client"`); lines > 201 {
		t.Errorf("%d clients are remembered", lines)
	}

	if strings.Contains(server.stderr.String(), marker) {
		t.Error("the log repeats a text that is not a name")
	}
}
