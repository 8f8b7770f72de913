package program_test

import (
	"strings"
	"testing"
)

// The server may not learn that the database has carried out a statement. Still, everything happens
// only once.
func TestDatabaseAnswerIsLost(t *testing.T) {
	t.Parallel()

	s, proxy, ok := behindProxy(t)
	if !ok {
		return
	}

	ada, bob := s.customer("ada", rightPassword), s.customer("bob", rightPassword)
	proxy.listen()
	server := s.through(proxy).start()
	loses := func(statement string, operation operation, headers ...string) answer {
		t.Helper()
		lost := proxy.losesAnswer(statement)
		got := server.ask(operation, headers...)

		select {
		case <-lost:
		default:
			t.Fatalf("there was no statement %q", statement)
		}

		return got
	}

	expectNumber := func(want int, query string, values ...any) {
		t.Helper()
		if got := s.number(query, values...); got != want {
			t.Errorf("%s: want %d, got %d", query, want, got)
		}
	}

	// Refresh.
	anonymous := server.anonymous()
	first := loses("INSERT INTO sessions", refreshOperation(anonymous.RefreshToken))
	expect(t, first, "")
	next := server.refresh(anonymous.RefreshToken)
	if next.raw != string(first.Data["refreshTicket"]) {
		t.Errorf("not the same ticket: %s %s", next.raw, first.Text)
	}

	expect(t, loses("UPDATE sessions SET generation", refreshOperation(next.RefreshToken)), "")
	expectNumber(2, "SELECT MAX(generation) FROM sessions")

	// Sign-in, with and without a claim.
	const sessionsOf = "SELECT COUNT(*) FROM sessions WHERE user_id = ? AND ended_at IS NULL"
	expect(t, loses("INSERT INTO sessions", signInOperation("ada", rightPassword, "")), "")
	expectNumber(1, sessionsOf, ada.UserID)

	for _, statement := range []string{"INSERT INTO sessions", "ended_at = CASE", "COMMIT"} {
		anonymous := server.anonymous()
		got := loses(statement, signInOperation("ada", rightPassword, anonymous.RefreshToken))
		if !strings.Contains(got.Text, `"claimedAnonymousUserId":"`+anonymous.UserID+`"`) {
			t.Errorf("%s: nobody was claimed: %s", statement, got.Text)
		}

		expect(t, server.ask(refreshOperation(anonymous.RefreshToken)), "SIGNED_IN")
	}

	expectNumber(4, sessionsOf, ada.UserID)

	// If it is unknown whether a wrong password was counted, the answer reveals nothing, and the
	// password counts once.
	lost := proxy.losesAnswer("INSERT INTO `name_guesses`")
	expect(t, server.ask(signInOperation("bob", "wrong", "")), "BUSY")
	<-lost
	expectNumber(1, "SELECT in_window FROM name_guesses WHERE user_id = ?", bob.UserID)

	// Sign-out.
	token := server.signIn("ada").RefreshToken
	if ended := loses("UPDATE sessions SET ended_at", revokeOperation(token, false)).sessionsEnded(t); ended != 1 {
		t.Errorf("sign-out: %d sessions ended", ended)
	}

	expectNumber(4, sessionsOf, ada.UserID)
	token = server.signIn("ada").RefreshToken
	loses("UPDATE sessions SET ended_at", revokeOperation(token, true)).sessionsEnded(t)
	expectNumber(0, sessionsOf, ada.UserID)
	server.signIn("ada")
	token = server.signIn("ada").RefreshToken
	loses("WHERE user_id IN ", revokeOperation(token, true)).sessionsEnded(t)
	expectNumber(0, sessionsOf, ada.UserID)

	unwritten := server.anonymous().RefreshToken
	loses("INSERT INTO sessions ", revokeOperation(unwritten, false)).sessionsEnded(t)
	expect(t, server.ask(refreshOperation(unwritten)), "SIGNED_OUT")

	// A refresh token is used twice.
	impostor := s.through(proxy).start("--reuse-window=0s")
	stolen := impostor.anonymous().RefreshToken
	impostor.refresh(stolen)
	server = impostor
	expect(t, loses("UPDATE sessions SET ended_at", refreshOperation(stolen)), "TOKEN_REUSED")
	expectNumber(1, "SELECT COUNT(*) FROM sessions WHERE end_reason = 'TOKEN_REUSED'")
}
