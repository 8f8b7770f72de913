package program_test

import (
	"strings"
	"testing"
	"time"

	"github.com/authtickets/authtickets/models"
	"github.com/authtickets/authtickets/storage"
	"github.com/authtickets/authtickets/storage/storagetest"
)

// A server keeps deleting expired rows in small batches. Shoppers do not notice.
func TestPurge(t *testing.T) {
	t.Parallel()

	storagetest.Each(t, func(t *testing.T, url string) {
		s := newSite(t, url)
		server := s.start("--purge-interval=200ms")
		db := s.database()
		const rounds = 2

		for range rounds {
			token := server.anonymous().RefreshToken
			s.expire(11)
			eventually(t, "the expired rows are gone", func() bool {
				token = server.refresh(token).RefreshToken
				var left int
				must(t, db.QueryRowContext(t.Context(),
					"SELECT (SELECT COUNT(*) FROM sessions WHERE application = 'expired') + "+
						"(SELECT COUNT(*) FROM name_guesses)").Scan(&left))

				return left == 0
			})

			server.refresh(token)
		}

		if left := s.number("SELECT COUNT(*) FROM sessions"); left != rounds {
			t.Errorf("%d sessions are left", left)
		}

		const batches = "DELETE FROM `sessions`"
		full, last := server.stderr.count(batches, `"rows":500,`), server.stderr.count(batches, `"rows":48,`)
		if full != 4*rounds || last != rounds {
			t.Errorf("%d full batches, and %d last ones", full, last)
		}
		if server.stderr.count("background work failed", "purging") > 0 {
			t.Error("the log reports failures")
		}
	})
}

// expire writes 2^doublings sessions that expired a year ago, and a count of wrong passwords.
func (s *site) expire(doublings int) {
	s.t.Helper()
	at := time.Now().AddDate(-1, 0, 0).UTC().Truncate(time.Microsecond)
	session := models.Session{
		Application: "expired",
		StartedAt:   at,
		RefreshedAt: at,
		ExpiresAt:   at,
		PurgeAt:     at.AddDate(2, 0, 0),
	}

	_, err := s.store.BeginSession(s.t.Context(), &session, storage.AtAnyTime)
	must(s.t, err)
	_, err = s.store.CountGuess(s.t.Context(), storage.Guess{Source: "expired", At: at, MostInARow: 5, LockAt: 10})
	must(s.t, err)
	const rest = ", application, user_id, is_anonymous, generation, started_at, refreshed_at, expires_at, purge_at"
	id := "RANDOMBLOB(16)"
	if !strings.HasPrefix(s.url, "sqlite://") {
		id = "UNHEX(MD5(CONCAT(RAND(), RAND())))"
	}

	db := s.database()
	for range doublings {
		_, err := db.ExecContext(
			s.t.Context(),
			"INSERT INTO sessions (id"+rest+") SELECT "+id+rest+" FROM sessions WHERE application = 'expired'",
		)
		must(s.t, err)
	}

	_, err = db.ExecContext(
		s.t.Context(), "UPDATE sessions SET purge_at = started_at WHERE application = 'expired'",
	) // all at once
	must(s.t, err)
}
