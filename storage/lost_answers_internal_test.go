package storage

import (
	"database/sql/driver"
	"log/slog"
	"testing"

	"gorm.io/gorm"

	"github.com/authtickets/authtickets/models"
	"github.com/authtickets/authtickets/storage/storagetest"
)

// loseAnswer makes the next statement run, but fail as if the connection broke before its answer.
func (s *Store) loseAnswer(t *testing.T) {
	t.Helper()
	isLost := false
	err := s.write.Callback().Raw().Register("lose an answer", func(db *gorm.DB) {
		if !isLost {
			isLost = true
			_ = db.AddError(driver.ErrBadConn)
		}
	})
	if err != nil {
		t.Fatal(err)
	}
}

// A sign-out reports the sessions that it has ended even if the database's answer was lost. SQLite
// loses no answers.
func TestEndingCountsSessionsDespiteLostAnswers(t *testing.T) {
	t.Parallel()
	url, ok := storagetest.MySQL(t)
	if !ok {
		return
	}

	store := open(t, url, slog.New(slog.DiscardHandler))
	if _, err := store.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	unwritten, written := newSession(t), newSession(t)
	store.insert(t, written)

	unwritten.EndReason = models.ReasonSignedOut
	store.loseAnswer(t)
	if ended, err := store.BeginSession(t.Context(), &unwritten, AtAnyTime); err != nil || !ended {
		t.Errorf("a session without a row: %v, %v", ended, err)
	}
	if ended, err := store.BeginSession(t.Context(), &unwritten, AtAnyTime); err != nil || ended {
		t.Errorf("once more: %v, %v", ended, err)
	}

	store.loseAnswer(t)
	ended, err := store.EndSession(t.Context(), written.ID, models.ID{}, models.ReasonSignedOut)
	if err != nil || !ended {
		t.Errorf("a session with a row: %v, %v", ended, err)
	}
}
