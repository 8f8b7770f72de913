package test_test

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/authtickets/authtickets/models"
	"github.com/authtickets/authtickets/tickets"
)

// TestModel runs random sequences of operations against the server, and against the short model
// below, which says what the server must answer.
func TestModel(t *testing.T) {
	t.Parallel()

	onEach(t, func(t *testing.T, o *office) {
		o.customer("ada")
		must(t, errOf(o.Purge(t.Context(), 0))) // as a server does at its start
		rapid.Check(t, func(t *rapid.T) {
			m := &model{t: t, o: o, policy: o.Policy}
			t.Repeat(map[string]func(*rapid.T){
				"issue":   func(*rapid.T) { m.hold(o.anonymous(), true) },
				"sign in": func(*rapid.T) { m.hold(o.signIn("ada"), false) },
				"claim":   m.claim,
				"refresh": m.refresh,
				"repeat":  m.repeat,
				"revoke":  m.revoke,
				"purge":   func(*rapid.T) { must(o.t, errOf(o.Purge(o.t.Context(), 0))) },
				"wait": func(t *rapid.T) {
					o.clock.Pass(rapid.SampledFrom([]time.Duration{
						time.Microsecond, 10 * time.Second, 30 * time.Second, 31 * time.Second, time.Hour,
						13 * 24 * time.Hour, 40 * 24 * time.Hour,
					}).Draw(t, "time"))
				},
			})
		})
	}, func(w *tickets.Office) { w.Policy.SessionsPerCustomer = 1 << 20 })
}

func errOf[T any](_ T, err error) error { return err }

type model struct {
	t      *rapid.T
	o      *office
	policy tickets.Policy
	tokens []*modelToken
}

type modelSession struct {
	anonymous   bool
	startedAt   time.Time
	generation  int
	refreshedAt time.Time
	attempt     string // that brought it to this generation
	last        ticket // of this generation
	ended       models.Reason
}

type modelToken struct {
	session    *modelSession
	generation int
	text       string
	expiresAt  time.Time
}

// hold adds a ticket of a new session to the model.
func (m *model) hold(got ticket, anonymous bool) {
	now := m.o.clock.Now()
	m.keep(&modelSession{anonymous: anonymous, startedAt: now, refreshedAt: now}, got)
}

func (m *model) keep(session *modelSession, got ticket) {
	session.last = got
	m.tokens = append(m.tokens, &modelToken{session, session.generation, got.RefreshToken, m.expiration(session)})
}

// expiration returns when the last refresh token of a session expires.
func (m *model) expiration(session *modelSession) time.Time {
	lifetime := m.policy.RefreshLifetime
	if session.anonymous {
		lifetime = m.policy.AnonymousRefreshLifetime
	}

	expiresAt := session.refreshedAt.Add(lifetime)
	if end := session.startedAt.Add(m.policy.SessionLifetime); end.Before(expiresAt) {
		return end
	}

	return expiresAt
}

func (m *model) draw(t *rapid.T) *modelToken {
	if len(m.tokens) == 0 {
		t.Skip("no tickets yet")
	}
	return rapid.SampledFrom(m.tokens).Draw(t, "token")
}

// verdict returns the expected result of a refresh: a reason to refuse it, or none. again means
// that the next token exists already.
func (m *model) verdict(token *modelToken, attempt string) (reason models.Reason, again bool) {
	now, session := m.o.clock.Now(), token.session
	isNext := token.generation+1 == session.generation
	repeats := isNext && attempt != "" && attempt == session.attempt
	expired := !now.Before(token.expiresAt)
	switch {
	case expired && attempt == "":
		return models.ReasonTokenExpired, false
	case session.ended != "":
		return session.ended, false
	case repeats && now.Before(m.expiration(session)):
		return "", true
	case expired:
		return models.ReasonTokenExpired, false
	case token.generation == session.generation:
		return "", false
	case isNext && now.Sub(session.refreshedAt) <= m.policy.ReuseWindow:
		return "", true
	default:
		return models.ReasonTokenReused, false
	}
}

// purged reports whether the server may have forgotten how a session ended, because all tokens of
// the session have expired.
func (m *model) purged(session *modelSession) bool {
	return !m.o.clock.Now().Before(m.expiration(session).Add(24 * time.Hour))
}

func (m *model) refresh(t *rapid.T) { m.advance(t, m.draw(t), "") }

// repeat refreshes with one of two attempts.
func (m *model) repeat(t *rapid.T) {
	m.advance(t, m.draw(t), rapid.SampledFrom([]string{attemptA, attemptB}).Draw(t, "attempt"))
}

func (m *model) advance(t *rapid.T, token *modelToken, attempt string) {
	session := token.session
	reason, again := m.verdict(token, attempt)
	got := m.o.tryWith(token.text, attempt)
	forgotten := m.purged(session) && got.Reason() == models.ReasonTokenExpired
	if got.Reason() != reason && !forgotten {
		t.Fatalf("want %q, got %s", reason, got.Text)
	}

	switch {
	case reason == models.ReasonTokenReused:
		session.ended = reason
	case reason != "":
	case again:
		if next := got.ticket(m.o.t, "refreshTicket"); next.raw != session.last.raw {
			t.Fatalf("not the same ticket:\n%s\n%s", session.last.raw, next.raw)
		}
	default:
		session.generation++
		session.refreshedAt, session.attempt = m.o.clock.Now(), attempt
		m.keep(session, got.ticket(m.o.t, "refreshTicket"))
	}
}

func (m *model) revoke(t *rapid.T) {
	token := m.draw(t)
	everywhere := rapid.Bool().Draw(t, "everywhere")
	session, now := token.session, m.o.clock.Now()
	expired := !now.Before(m.expiration(session))
	ended := m.o.revoke(token.text, everywhere)
	if expired { // depends on whether it has a row yet; both are fine
		if ended > 0 {
			session.ended = signedOut(everywhere)
		}
		return
	}

	if (ended > 0) != (session.ended == "") {
		t.Fatalf("%d sessions ended, and the session had ended with %q", ended, session.ended)
	}
	if session.ended != "" {
		return
	}

	session.ended = signedOut(everywhere)
	if everywhere {
		for _, other := range m.tokens {
			if !other.session.anonymous && !session.anonymous && other.session.ended == "" {
				other.session.ended = models.ReasonSignedOutEverywhere
			}
		}
	}
}

func signedOut(everywhere bool) models.Reason {
	if everywhere {
		return models.ReasonSignedOutEverywhere
	}
	return models.ReasonSignedOut
}

func (m *model) claim(t *rapid.T) {
	token := m.draw(t)
	session := token.session
	alive := session.ended == "" || session.ended == models.ReasonSignedIn
	isValid := session.anonymous && alive && m.o.clock.Now().Before(token.expiresAt)
	got := m.o.trySignIn("ada", rightPassword, token.text, "198.51.100.1").ticket(m.o.t, "createUserTicket")
	if claimed := got.ClaimedAnonymousUserID != nil; claimed != isValid || claimed != (got.Claim == "CLAIMED") {
		t.Fatalf("claimed %v, %s, with a token of a session that ended with %q", claimed, got.Claim, session.ended)
	}

	if isValid {
		session.ended = models.ReasonSignedIn
	}

	m.hold(got, false)
}
