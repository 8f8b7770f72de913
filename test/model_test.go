package test_test

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/authtickets/authtickets/models"
	"github.com/authtickets/authtickets/tickets"
)

// TestModel runs random sequences of operations against the server and against the few lines below, which say what it must answer.
func TestModel(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, o *office) {
		o.customer("ada")
		rapid.Check(t, func(t *rapid.T) {
			m := &model{t: t, o: o, policy: tickets.DefaultPolicy()}
			t.Repeat(map[string]func(*rapid.T){
				"issue":   func(*rapid.T) { m.hold(o.anonymous(), true) },
				"sign in": func(*rapid.T) { m.hold(o.signIn("ada"), false) },
				"claim":   m.claim,
				"refresh": m.refresh,
				"revoke":  m.revoke,
				"purge":   func(*rapid.T) { must(o.t, errOf(o.Purge(o.t.Context(), 0))) },
				"wait": func(t *rapid.T) {
					o.clock.pass(rapid.SampledFrom([]time.Duration{
						time.Microsecond, 10 * time.Second, 30 * time.Second, 31 * time.Second, time.Hour, 13 * 24 * time.Hour, 40 * 24 * time.Hour,
					}).Draw(t, "time"))
				},
			})
		})
	})
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
	last        ticket // of this generation
	ended       models.Reason
}

type modelToken struct {
	session    *modelSession
	generation int
	text       string
	expiresAt  time.Time
}

// hold takes a ticket of a new session into the model.
func (m *model) hold(got ticket, anonymous bool) {
	now := m.o.clock.Now()
	m.keep(&modelSession{anonymous: anonymous, startedAt: now, refreshedAt: now}, got)
}

func (m *model) keep(session *modelSession, got ticket) {
	lifetime := m.policy.RefreshLifetime
	if session.anonymous {
		lifetime = m.policy.AnonymousRefreshLifetime
	}
	expiresAt := session.refreshedAt.Add(lifetime)
	if end := session.startedAt.Add(m.policy.SessionLifetime); end.Before(expiresAt) {
		expiresAt = end
	}
	session.last = got
	m.tokens = append(m.tokens, &modelToken{session, session.generation, got.RefreshToken, expiresAt})
}

func (m *model) draw(t *rapid.T) *modelToken {
	if len(m.tokens) == 0 {
		t.Skip("no tickets yet")
	}
	return rapid.SampledFrom(m.tokens).Draw(t, "token")
}

// verdict is what the server must make of a token: a reason to refuse it, or none; again says that its successor exists already.
func (m *model) verdict(token *modelToken) (reason models.Reason, again bool) {
	now, session := m.o.clock.Now(), token.session
	switch {
	case !now.Before(token.expiresAt):
		return models.ReasonTokenExpired, false
	case session.ended != "":
		return session.ended, false
	case token.generation == session.generation:
		return "", false
	case token.generation+1 == session.generation && now.Sub(session.refreshedAt) <= m.policy.ReuseWindow:
		return "", true
	default:
		return models.ReasonTokenReused, false
	}
}

func (m *model) refresh(t *rapid.T) {
	token := m.draw(t)
	session := token.session
	reason, again := m.verdict(token)
	got := m.o.tryRefresh(token.text)
	if got.reason() != reason {
		t.Fatalf("want %q, got %s", reason, got.text)
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
		session.refreshedAt = m.o.clock.Now()
		m.keep(session, got.ticket(m.o.t, "refreshTicket"))
	}
}

func (m *model) revoke(t *rapid.T) {
	token := m.draw(t)
	everywhere := rapid.Bool().Draw(t, "everywhere")
	reason, _ := m.verdict(token)
	ended := m.o.revoke(token.text, everywhere)
	if (ended > 0) != (reason == "") {
		t.Fatalf("%d sessions ended by a token with the verdict %q", ended, reason)
	}
	if reason != "" {
		return
	}
	if !everywhere {
		token.session.ended = models.ReasonSignedOut
		return
	}
	now := m.o.clock.Now()
	for _, other := range m.tokens {
		mine := other.session == token.session || (!other.session.anonymous && !token.session.anonymous)
		if mine && other.session.ended == "" && other.generation == other.session.generation && now.Before(other.expiresAt) {
			other.session.ended = models.ReasonSignedOutEverywhere
		}
	}
}

func (m *model) claim(t *rapid.T) {
	token := m.draw(t)
	reason, _ := m.verdict(token)
	good := token.session.anonymous && (reason == "" || reason == models.ReasonSignedIn)
	got := m.o.trySignIn("ada", rightPassword, token.text, "198.51.100.1").ticket(m.o.t, "createUserTicket")
	if claimed := got.ClaimedAnonymousUserID != nil; claimed != good {
		t.Fatalf("claimed %v with a token of the verdict %q", claimed, reason)
	}
	if good {
		token.session.ended = models.ReasonSignedIn
	}
	m.hold(got, false)
}
