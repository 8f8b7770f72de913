package storage

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/authtickets/authtickets/models"
)

func TestSessionsOf(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, store *Store) {
		shopper := newID(t)
		session := func(startedAt, expiresAt time.Time, endedAt *time.Time) models.Session {
			session := newSession(t)
			session.UserID, session.IsAnonymous = shopper, false
			session.StartedAt, session.ExpiresAt, session.EndedAt = startedAt, expiresAt, endedAt
			session.UserAgent = "Mozilla/5.0 é"
			return session
		}

		first := session(noon.Add(-2*time.Hour), noon.Add(time.Microsecond), nil)
		second := session(noon.Add(-time.Hour), noon.Add(time.Hour), nil)
		expired, ended := session(noon, noon, nil), session(noon, noon.Add(time.Hour), &noon)
		store.insert(t, first, second, newSession(t), expired, ended)
		got, err := store.SessionsOf(t.Context(), shopper, noon)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff([]models.Session{second, first}, got); diff != "" {
			t.Errorf("want -, got +\n%s", diff)
		}
		if got, err := store.SessionsOf(t.Context(), newID(t), noon); err != nil || len(got) != 0 {
			t.Errorf("nobody's: %v, %v", got, err)
		}

		for i := range mostSessions {
			store.insert(t, session(noon.Add(time.Duration(i)*time.Second), noon.Add(time.Hour), nil))
		}

		got, err = store.SessionsOf(t.Context(), shopper, noon)
		if err != nil || len(got) != mostSessions {
			t.Fatalf("%d sessions, %v", len(got), err)
		}

		isSecond := func(s models.Session) bool { return s.ID == second.ID }
		if !got[0].StartedAt.After(got[mostSessions-1].StartedAt) || slices.ContainsFunc(got, isSecond) {
			t.Error("the newest sessions do not come first, or an older one is listed")
		}
	})
}

func TestEndSession(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, store *Store) {
		mine, other := newSession(t), newSession(t)
		store.insert(t, mine, other)
		for _, step := range []struct {
			name   string
			id, of models.ID
			want   bool
		}{
			{"another's", other.ID, mine.UserID, false},
			{"nobody's", newID(t), mine.UserID, false},
			{"one's own", mine.ID, mine.UserID, true},
			{"one that has ended", mine.ID, mine.UserID, false},
			{"anybody's that has ended", mine.ID, models.ID{}, false},
		} {
			ended, err := store.EndSession(t.Context(), step.id, step.of, models.ReasonSignedOut)
			if err != nil || ended != step.want {
				t.Errorf("%s: %t, %v", step.name, ended, err)
			}
		}
		if row, err := store.Session(t.Context(), other.ID); err != nil || row.EndedAt != nil {
			t.Errorf("another's: %v, %v", row, err)
		}

		row, err := store.Session(t.Context(), mine.ID)
		if err != nil || row.EndReason != models.ReasonSignedOut || row.ReadAt.Sub(*row.EndedAt).Abs() > time.Minute {
			t.Errorf("one's own: %v, %v", row, err)
		}

		ended, err := store.EndSession(t.Context(), other.ID, models.ID{}, models.ReasonSignedOut)
		if !ended || err != nil {
			t.Errorf("anybody's: %t, %v", ended, err)
		}
	})
}

func TestRecentlyEnded(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, store *Store) {
		const all = 500
		var sessions []models.Session
		for i := range all {
			session := newSession(t)
			if i%2 == 0 {
				session.EndedAt = new(noon.Add(time.Duration(-i) * time.Minute))
				session.EndReason = models.ReasonTokenReused
			}
			sessions = append(sessions, session)
		}

		store.insert(t, sessions...)
		ended := func(since time.Time, most int) Ended {
			t.Helper()
			got, clock, err := store.RecentlyEnded(t.Context(), func(clock time.Time) EndedQuery {
				return EndedQuery{Since: since, RefreshedSince: noon, Customers: most, Anonymous: most}
			})
			if err != nil || clock.IsZero() || len(got.Customers) > 0 {
				t.Fatal(got.Customers, clock, err)
			}

			return got
		}

		want := []EndedSession{
			{sessions[0].ID, sessions[0].Application, sessions[0].RefreshedAt, models.ReasonTokenReused},
			{sessions[2].ID, sessions[2].Application, sessions[2].RefreshedAt, models.ReasonTokenReused},
		}
		if diff := cmp.Diff(want, ended(noon.Add(-2*time.Minute), all).Anonymous); diff != "" {
			t.Errorf("want -, got +\n%s", diff)
		}
		if diff := cmp.Diff(want[:1], ended(noon.Add(-2*time.Minute), 1).Anonymous); diff != "" {
			t.Errorf("at most one: want -, got +\n%s", diff)
		}
		if got := ended(noon.Add(time.Microsecond), all).Anonymous; len(got) != 0 {
			t.Errorf("later: %v", got)
		}

		explain := "EXPLAIN QUERY PLAN "
		if store.dialect.name() == "mysql" {
			explain = "EXPLAIN "
		}

		var plan []map[string]any
		read := store.read.Raw(explain+recentlyEnded, true, noon.Add(-2*time.Minute), noon, 100)
		if err := read.Find(&plan).Error; err != nil {
			t.Fatal(err)
		}

		text := fmt.Sprintf("%s", plan)
		if len(plan) != 1 || !strings.Contains(text, "sessions_ended_at") || strings.Contains(text, "filesort") {
			t.Errorf("the plan: %s", text)
		}
	})
}

func TestSignInKeepsTheUserAgent(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, store *Store) {
		account := models.CustomerAccount{UserID: newID(t), UserName: new("ada"), IsActive: true}
		if err := store.WriteAccounts(t.Context(), func(w *AccountWriter) error {
			account.ID = nil
			return w.Write([]AccountWrite{{Account: &account, Names: []string{"ada"}}})
		}); err != nil {
			t.Fatal(err)
		}

		want := newSession(t)
		want.UserID, want.IsAnonymous, want.UserAgent = account.UserID, false, strings.Repeat("é", 255)
		if _, err := store.SignIn(t.Context(), SignIn{Session: want, AccountID: *account.ID}); err != nil {
			t.Fatal(err)
		}

		got, err := store.Session(t.Context(), want.ID)
		if err != nil {
			t.Fatal(err)
		}

		want.MovedAt = got.MovedAt
		if diff := cmp.Diff(want, got.Session); diff != "" || got.MovedAt == nil {
			t.Errorf("want -, got +\n%s", diff)
		}
	})
}
