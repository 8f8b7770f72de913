package program_test

import (
	"encoding/json"
	"net/http"
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
	delayed := make(chan answer, 1)
	begin := time.Now()
	go func() {
		got, err := server.try(t.Context(), repeatable(first.RefreshToken), "X-Fault", "delay=2s")
		if err != nil {
			t.Error(err)
		}
		delayed <- got
	}()

	eventually(t, "the work is done", func() bool { return s.number("SELECT MAX(generation) FROM sessions") == 1 })
	if time.Since(begin) < delay && len(delayed) > 0 {
		t.Error("the answer came with the work")
	}

	other := server.ticket(repeatable(first.RefreshToken))
	got := ticketOf(t, <-delayed)
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
