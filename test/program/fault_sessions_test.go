package program_test

import (
	"encoding/json"
	"regexp"
	"strings"
	"testing"
	"time"
)

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
