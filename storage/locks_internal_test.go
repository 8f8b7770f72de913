package storage

import (
	"context"
	"log/slog"
	"testing"
	"time"

	"gorm.io/gorm"

	"github.com/authtickets/authtickets/models"
	"github.com/authtickets/authtickets/secret"
	"github.com/authtickets/authtickets/storage/storagetest"
)

// When we stop waiting for a statement that waits for a lock, the server gives it up too. So
// nothing is done after the client got an error.
func TestNothingIsDoneAfterWaitingForALock(t *testing.T) {
	t.Parallel()
	url, ok := storagetest.MySQL(t)
	if !ok {
		return
	}

	holder := open(t, url, slog.New(slog.DiscardHandler))
	if _, err := holder.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}

	impatient, err := Open(Settings{
		URL:              secret.New(url),
		Now:              func() time.Time { return noon },
		Log:              slog.New(slog.DiscardHandler),
		StatementTimeout: 500 * time.Millisecond,
	})
	if err != nil {
		t.Fatal(err)
	}

	t.Cleanup(func() { _ = impatient.Close() })
	session := newSession(t)
	holder.insert(t, session)
	err = holder.write.Transaction(func(tx *gorm.DB) error {
		if err := forUpdate(tx).Where("id = ?", session.ID).Take(&models.Session{}).Error; err != nil {
			return err
		}

		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		ended, err := impatient.EndSession(ctx, session.ID, models.ID{}, models.ReasonSignedOut)
		if ended || err == nil {
			t.Errorf("ended: %t, %v", ended, err)
		}

		time.Sleep(2 * time.Second) // longer than the server waits
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}

	time.Sleep(200 * time.Millisecond)
	if present, err := holder.Session(t.Context(), session.ID); err != nil || present.EndedAt != nil {
		t.Errorf("the session ended later: %v, %v", present, err)
	}
}
