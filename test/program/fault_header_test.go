package program_test

import (
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/authtickets/authtickets/storage/storagetest"
)

// faulty starts a server on the embedded database that lets requests cause faults.
func faulty(t *testing.T, flags ...string) (*site, *server) {
	t.Helper()
	s := newSite(t, storagetest.SQLite(t))
	s.customer("ada", rightPassword)
	return s, s.start(append([]string{"--faults"}, flags...)...)
}

// repeatable returns a refresh that can be repeated at any time.
func repeatable(token string) operation {
	return operation{
		`mutation ($token: String!, $attempt: String) {
			refreshTicket(refreshToken: $token, attempt: $attempt) { ` + fields + ` }
		}`,
		variables{"token": token, "attempt": "0123456789abcdef"},
	}
}

// shopper asks who holds an access token.
func (s *server) shopper(accessToken string, headers ...string) answer {
	s.t.Helper()
	return s.ask(shopperOperation(), append(headers, "Authorization", "Bearer "+accessToken)...)
}

// ticketOf returns the ticket in an answer.
func ticketOf(t testing.TB, got answer) ticket {
	t.Helper()
	var held ticket
	if len(got.Errors) > 0 || len(got.Data) != 1 {
		t.Fatalf("no ticket: %s", got.Text)
	}

	for _, raw := range got.Data {
		held.raw = string(raw)
		must(t, json.Unmarshal(raw, &held))
	}

	return held
}

// expectDropped fails unless the connection closes without an answer.
func (s *server) expectDropped(operation operation, faults string) {
	s.t.Helper()
	got, err := s.try(soon(s.t), operation, "X-Fault", faults)
	if err == nil || !strings.Contains(err.Error(), "EOF") {
		s.t.Errorf("%s: want a closed connection, got %v %s", faults, err, got.Text)
	}
}

// step returns the next step that a refusal names.
func (a answer) step() string {
	if len(a.Errors) == 0 {
		return ""
	}
	return a.Errors[0].Extensions.NextStep
}

// A client whose answer was lost repeats the refresh with its attempt, and gets the ticket that it
// missed.
func TestFaultDrop(t *testing.T) {
	t.Parallel()

	s, server := faulty(t, "--reuse-window=0s")
	first := server.signIn("ada")
	server.expectDropped(repeatable(first.RefreshToken), "drop")
	if got := s.number("SELECT MAX(generation) FROM sessions"); got != 1 {
		t.Errorf("the work was not done: the session is at generation %d", got)
	}

	next := server.ticket(repeatable(first.RefreshToken))
	again := server.ticket(repeatable(first.RefreshToken))
	if next.raw != again.raw || next.UserID != first.UserID {
		t.Errorf("not the same ticket:\n%s\n%s", next.raw, again.raw)
	}

	server.refresh(next.RefreshToken)

	// Refusals can be dropped as well.
	server.expectDropped(operation{`{`, nil}, "drop")
	server.expectStatus("/readyz", http.StatusOK)
}

// The answer comes late, but the work is done at once: another tab already has its ticket.
func TestFaultDelay(t *testing.T) {
	t.Parallel()

	s, server := faulty(t)
	first := server.signIn("ada")
	const delay = 2 * time.Second
	late := make(chan answer, 1)
	begin := time.Now()
	go func() {
		got, err := server.try(t.Context(), repeatable(first.RefreshToken), "X-Fault", "delay=2s")
		if err != nil {
			t.Error(err)
		}
		late <- got
	}()

	eventually(t, "the work is done", func() bool { return s.number("SELECT MAX(generation) FROM sessions") == 1 })
	if time.Since(begin) < delay && len(late) > 0 {
		t.Error("the answer came with the work")
	}

	other := server.ticket(repeatable(first.RefreshToken))
	got := ticketOf(t, <-late)
	if took := time.Since(begin); took < delay {
		t.Errorf("the answer came after %s", took)
	}
	if got.raw != other.raw {
		t.Errorf("not the same ticket:\n%s\n%s", got.raw, other.raw)
	}

	begin = time.Now()
	server.expectDropped(shopperOperation(), "delay=2s, drop")
	if took := time.Since(begin); took < delay {
		t.Errorf("the connection was closed after %s", took)
	}
}

// The server says when to try again, and does nothing.
func TestFaultBusy(t *testing.T) {
	t.Parallel()

	s, server := faulty(t)
	first := server.signIn("ada")
	got := server.ask(refreshOperation(first.RefreshToken), "X-Fault", "busy")
	expect(t, got, "BUSY")
	isWait := got.step() == "WAIT" && got.Errors[0].Extensions.RetryAfterSeconds == 1
	if got.Code() != "TRY_AGAIN" || !isWait || got.Status != http.StatusOK {
		t.Errorf("%d %s", got.Status, got.Text)
	}

	expect(t, server.shopper(first.AccessToken, "X-Fault", "busy"), "BUSY")
	server.expectDropped(refreshOperation(first.RefreshToken), "busy, drop") // the request never arrives
	if got := s.number("SELECT MAX(generation) FROM sessions"); got != 0 {
		t.Errorf("the session was refreshed: it is at generation %d", got)
	}

	server.refresh(first.RefreshToken)
}

// The clock is shifted for one request, and for everything that it decides.
func TestFaultShift(t *testing.T) {
	t.Parallel()

	_, server := faulty(t)
	first := server.signIn("ada")

	// An access token expires. The refresh token that came with it still works.
	expired := server.shopper(first.AccessToken, "X-Fault", "shift=16m")
	expect(t, expired, "TOKEN_EXPIRED")
	if expired.step() != "REFRESH" {
		t.Error(expired.Text)
	}

	expect(t, server.shopper(first.AccessToken), "")
	next := ticketOf(t, server.ask(repeatable(first.RefreshToken), "X-Fault", "shift=16m"))
	expect(t, server.shopper(next.AccessToken, "X-Fault", "shift=20m"), "")
	expect(t, server.shopper(next.AccessToken, "X-Fault", "shift=32m"), "TOKEN_EXPIRED")

	// For a server with the right clock, that ticket is from the future. It signs nobody out.
	expect(t, server.shopper(next.AccessToken), "BUSY")

	// A customer who comes back after a month must sign in.
	gone := server.ask(refreshOperation(server.signIn("ada").RefreshToken), "X-Fault", "shift=720h")
	expect(t, gone, "TOKEN_EXPIRED")
	if gone.step() != "SIGN_IN" {
		t.Error(gone.Text)
	}

	// A stolen token is used after the reuse window.
	stolen := server.signIn("ada")
	owners := server.refresh(stolen.RefreshToken)
	expect(t, server.ask(refreshOperation(stolen.RefreshToken), "X-Fault", "shift=10s"), "")
	expect(t, server.ask(refreshOperation(stolen.RefreshToken), "X-Fault", "shift=1m"), "TOKEN_REUSED")
	expect(t, server.ask(refreshOperation(owners.RefreshToken)), "TOKEN_REUSED")

	// A client whose clock is two hours ahead meets a server whose clock is two hours behind.
	issued := regexp.MustCompile(`"issuedAt":"([^"]+)"`)
	operation := operation{`mutation { anonymousShopperTicket { issuedAt accessToken } }`, nil}
	got := server.ask(operation, "X-Fault", "shift=-2h")
	at, err := time.Parse(time.RFC3339, issued.FindStringSubmatch(got.Text)[1])
	must(t, err)
	if behind := time.Since(at); behind < 2*time.Hour || behind > 2*time.Hour+patience {
		t.Errorf("%s behind: %s", behind, got.Text)
	}

	expect(t, server.shopper(ticketOf(t, got).AccessToken, "X-Fault", "shift=-2h"), "")
	expect(t, server.shopper(ticketOf(t, got).AccessToken), "TOKEN_EXPIRED")
}

// The session of the request's token ends, and the answer says why.
func TestFaultEnd(t *testing.T) {
	t.Parallel()

	s, server := faulty(t)
	other := server.signIn("ada")
	for fault, reason := range map[string]string{
		"end": "ENDED_BY_OPERATOR", "end=ENDED_BY_OPERATOR": "ENDED_BY_OPERATOR",
		"end=PASSWORD_CHANGED": "PASSWORD_CHANGED",
		"end=SESSION_ENDED":    "SESSION_ENDED", "end=SESSION_REPLACED": "SESSION_REPLACED",
		"end=SIGNED_OUT":            "SIGNED_OUT",
		"end=SIGNED_OUT_EVERYWHERE": "SIGNED_OUT_EVERYWHERE", "end=TOKEN_REUSED": "TOKEN_REUSED",
		"end=TOO_MANY_SESSIONS": "TOO_MANY_SESSIONS",
	} {
		for name, begin := range map[string]func() ticket{
			"anonymous": server.anonymous,
			"refreshed": func() ticket { return server.refresh(server.anonymous().RefreshToken) },
			"customer":  func() ticket { return server.signIn("ada") },
		} {
			byAccess, byRefresh := begin(), begin()
			for _, got := range []answer{
				server.shopper(byAccess.AccessToken, "X-Fault", fault),
				server.shopper(byAccess.AccessToken),
				server.ask(refreshOperation(byAccess.RefreshToken)),
				server.ask(repeatable(byRefresh.RefreshToken), "X-Fault", fault),
				server.shopper(byRefresh.AccessToken),
			} {
				expect(t, got, reason)
				if got.step() != "SIGN_IN" || got.Code() != "UNAUTHENTICATED" {
					t.Errorf("%s, %s: %s", name, fault, got.Text)
				}
			}
		}
	}

	expect(t, server.shopper(other.AccessToken), "") // a session of the same customer
	server.refresh(other.RefreshToken)

	// If a session ends before it was refreshed, its row stays until the refresh token expires.
	ended := server.anonymous()
	expect(t, server.shopper(ended.AccessToken, "X-Fault", "end"), "ENDED_BY_OPERATOR")
	month := time.Now().Add(30 * 24 * time.Hour).UnixMicro()
	const query = "SELECT COUNT(*) FROM sessions WHERE HEX(user_id) = ? AND purge_at > ?"
	kept := s.number(query, strings.ToUpper(ended.UserID), month)
	if kept != 1 {
		t.Error("the session is purged before its refresh token expires")
	}

	// The argument is found wherever it is written, and takes precedence over the access token.
	written := server.signIn("ada")
	literal := operation{`mutation {
		... on Mutation { out: revokeTicket(refreshToken: "` + written.RefreshToken + `") { sessionsEnded } }
	}`, nil}
	got := server.ask(literal, "X-Fault", "end", "Authorization", "Bearer "+other.AccessToken)
	if !strings.Contains(got.Text, `"sessionsEnded":0`) {
		t.Errorf("the session was not over: %s", got.Text)
	}

	expect(t, server.ask(refreshOperation(written.RefreshToken)), "ENDED_BY_OPERATOR")
	expect(t, server.shopper(other.AccessToken), "")

	// A text that is not a token ends nothing.
	expect(t, server.ask(refreshOperation("nonsense"), "X-Fault", "end"), "TOKEN_INVALID")
}

// Rotated keys sign nobody out, and are used from then on.
func TestFaultRotate(t *testing.T) {
	t.Parallel()

	_, server := faulty(t)
	kid := func(of ticket) string {
		head, _, _ := strings.Cut(of.JWTAccessToken, ".")
		return head
	}
	published := func() int {
		response, err := server.client.Get(server.url + "/.well-known/jwks.json") //nolint:noctx // this is a test
		must(t, err)
		defer response.Body.Close() //nolint:errcheck // read to its end

		var keys struct{ Keys []json.RawMessage }
		must(t, json.NewDecoder(response.Body).Decode(&keys))
		return len(keys.Keys)
	}

	before := server.ticket(withJWT(signInOperation("ada", rightPassword, "")))
	used := server.ticket(withJWT(repeatable(before.RefreshToken)))
	keys := published()

	again := ticketOf(t, server.ask(withJWT(repeatable(before.RefreshToken)), "X-Fault", "rotate"))
	if again.RefreshToken != used.RefreshToken || again.AccessToken != used.AccessToken {
		t.Error("the same ticket looks different under new keys")
	}

	after := server.ticket(withJWT(refreshOperation(used.RefreshToken)))
	if kid(after) == kid(before) || published() != keys+1 {
		t.Errorf("%s signs as before, or %d keys are published", kid(after), published())
	}

	for _, held := range []ticket{before, used, after} {
		expect(t, server.shopper(held.AccessToken), "")
	}

	server.refresh(after.RefreshToken)

	// Requests can rotate keys at the same time.
	together(4, func(int) {
		got, err := server.try(t.Context(), anonymousOperation(), "X-Fault", "rotate")
		if err != nil || got.Code() != "" {
			t.Errorf("%v %s", err, got.Text)
		}
	})

	expect(t, server.shopper(before.AccessToken), "")
}

// Faults that are independent happen in the same request.
func TestFaultsTogether(t *testing.T) {
	t.Parallel()

	_, server := faulty(t)
	first := server.signIn("ada")
	got := server.ask(
		refreshOperation(first.RefreshToken), "X-Fault", "busy", "X-Fault", "end=PASSWORD_CHANGED,delay=10ms",
	)
	expect(t, got, "BUSY") // nothing was done, and the session is over
	expect(t, server.shopper(first.AccessToken), "PASSWORD_CHANGED")
	server.expectDropped(anonymousOperation(), "rotate, shift=-1h, delay=10ms, drop")
	eventually(t, "it is logged", func() bool {
		return server.stderr.count("faults on request", "rotate, shift=-1h, delay=10ms, drop") == 1
	})
}

// A header that cannot be read is refused as a whole.
func TestFaultsRefused(t *testing.T) {
	t.Parallel()

	_, server := faulty(t, "--request-timeout=20s")
	first := server.signIn("ada")
	for _, fault := range []string{
		"dorp", "Drop", "drop=1", "drop,,", ",", "drop busy", "busy, busy", "busy=yes", "rotate=seal",
		"delay", "delay=", "delay=2", "delay=-1s", "delay=20001ms", "delay=1s, delay=2s", "delay = 1s", "delay=soon",
		"delay=9999999999h",
		"shift", "shift=", "shift=2d", "shift=9601h", "shift=-9601h",
		"end=", "end=TIRED", "end=signed_out", "end=BUSY", "end=SIGNED_IN", "end=ACCOUNT_DELETED",
		"end, end=SIGNED_OUT",
	} {
		got := server.ask(refreshOperation(first.RefreshToken), "X-Fault", fault)
		isRefused := got.Status == http.StatusBadRequest && got.Code() == "BAD_USER_INPUT"
		if !isRefused || !strings.Contains(got.Errors[0].Message, "x-fault") {
			t.Errorf("%q: %d %s", fault, got.Status, got.Text)
		}
	}

	got := server.ask(anonymousOperation(), "X-Fault", "end")
	if got.Code() != "BAD_USER_INPUT" || got.Data["anonymousShopperTicket"] != nil {
		t.Errorf("a session that does not exist: %s", got.Text)
	}

	for _, fault := range []string{"", " ", "delay=1s, busy", "shift=0s", "shift=+1s", "delay=0s"} {
		if got := server.ask(shopperOperation(), "X-Fault", fault); got.Status != http.StatusOK {
			t.Errorf("%q: %s", fault, got.Text)
		}
	}

	server.refresh(first.RefreshToken)
}

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
