package storage

import (
	"context"
	"fmt"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"github.com/authtickets/authtickets/models"
)

// Guess is one wrong password.
type Guess struct {
	// Subject is what was guessed at: the user id of an account, or what stands for an unknown
	// name.
	Subject models.ID
	Source  string
	At      time.Time
	// WindowStart and DayStart are when a window and a day must have begun to be still open: a
	// source whose own began earlier starts counting anew.
	WindowStart time.Time
	DayStart    time.Time
	// MostInARow bounds what one source adds to the count that locks the subject.
	MostInARow int
	// LockAt is how many wrong guesses of all sources in a row lock the subject, and LockUntil when
	// that lock ends.
	LockAt    int
	LockUntil time.Time
}

// Counted is what a wrong password has come to.
type Counted struct {
	// Failures is how many the source has sent in its window.
	Failures int
	// Locked says that this one has locked the subject.
	Locked bool
}

// CountGuess counts a wrong password, and locks the subject if that makes too many. It runs the
// same statements whether or not there is such an account.
func (s *Store) CountGuess(ctx context.Context, guess Guess) (Counted, error) {
	if err := retryUndone(ctx, func() error { return s.addGuess(ctx, guess) }); err != nil { // twice would count twice
		return Counted{}, fmt.Errorf("count a wrong password: %w", err)
	}
	var counts struct{ Failures, InARow int }
	err := s.latestUnlocked(ctx, func(db *gorm.DB) error {
		return db.Raw(`SELECT COALESCE(SUM(CASE WHEN source = ? THEN failures ELSE 0 END), 0) AS failures, `+
			`COALESCE(SUM(in_a_row), 0) AS in_a_row FROM guesses WHERE subject = ?`, guess.Source, guess.Subject).
			Find(&counts).Error // Scan would log the values
	})
	if err != nil {
		return Counted{}, fmt.Errorf("read the wrong passwords: %w", err)
	}
	if counts.InARow < guess.LockAt {
		return Counted{Failures: counts.Failures}, nil
	}
	locked, err := s.lock(ctx, guess)
	return Counted{counts.Failures, locked}, err
}

func (s *Store) addGuess(ctx context.Context, guess Guess) error {
	row := models.Guesses{
		Subject: guess.Subject, Source: guess.Source, Failures: 1, Since: guess.At, InARow: 1,
		Today: 1, TodaySince: guess.At, LastAt: guess.At,
	}
	set := func(column, value string, values ...any) clause.Assignment {
		return clause.Assignment{Column: clause.Column{Name: column}, Value: gorm.Expr(value, values...)}
	}
	// MySQL assigns from left to right and sees what it has just assigned, so the instants come
	// last.
	return s.write.WithContext(ctx).Clauses(clause.OnConflict{
		Columns: []clause.Column{{Name: "subject"}, {Name: "source"}},
		DoUpdates: clause.Set{
			set("failures", `CASE WHEN guesses.since <= ? THEN 1 ELSE guesses.failures + 1 END`, guess.WindowStart),
			set("today", `CASE WHEN guesses.today_since <= ? THEN 1 ELSE guesses.today + 1 END`, guess.DayStart),
			set("in_a_row", `CASE WHEN guesses.last_at <= ? THEN 1 `+
				`WHEN guesses.in_a_row < ? THEN guesses.in_a_row + 1 ELSE guesses.in_a_row END`,
				guess.DayStart, guess.MostInARow),
			set("since", `CASE WHEN guesses.since <= ? THEN ? ELSE guesses.since END`, guess.WindowStart, guess.At),
			set("today_since", `CASE WHEN guesses.today_since <= ? THEN ? ELSE guesses.today_since END`,
				guess.DayStart, guess.At),
			set("last_at", `?`, guess.At),
		},
	}).Create(&row).Error
}

// lock locks a subject, and reports whether it was not locked before. What was wrong until then
// does not count towards the next lock.
func (s *Store) lock(ctx context.Context, guess Guess) (bool, error) {
	var locked bool
	err := s.transaction(ctx, func(tx *gorm.DB) error {
		row := models.GuessLock{Subject: guess.Subject, LockedUntil: guess.LockUntil}
		err := tx.Clauses(clause.OnConflict{
			Columns: []clause.Column{{Name: "subject"}},
			DoUpdates: clause.Set{{
				Column: clause.Column{Name: "locked_until"},
				Value: gorm.Expr(`CASE WHEN guess_locks.locked_until <= ? THEN ? ELSE guess_locks.locked_until END`,
					guess.At, guess.LockUntil),
			}},
		}).Create(&row).Error
		if err != nil {
			return err
		}
		forgotten := tx.Exec(`UPDATE guesses SET in_a_row = 0 WHERE subject = ? AND in_a_row > 0`, guess.Subject)
		locked = forgotten.RowsAffected > 0
		if forgotten.Error != nil {
			return forgotten.Error
		}
		return tx.Exec(`UPDATE customer_accounts SET locked_until = ? WHERE user_id = ?`,
			guess.LockUntil, guess.Subject).Error
	})
	if err != nil {
		return false, fmt.Errorf("lock after wrong passwords: %w", err)
	}
	return locked, nil
}

// ResetGuesses forgets the wrong passwords for a subject, but for how many there were today. The
// account is no longer locked because of them.
func (s *Store) ResetGuesses(ctx context.Context, subject models.ID) error {
	err := s.transaction(ctx, func(tx *gorm.DB) error {
		for _, statement := range []string{
			`UPDATE guesses SET failures = 0, in_a_row = 0 WHERE subject = ?`,
			`DELETE FROM guess_locks WHERE subject = ?`,
			`UPDATE customer_accounts SET locked_until = NULL WHERE user_id = ? AND locked_until IS NOT NULL`,
		} {
			if err := tx.Exec(statement, subject).Error; err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("reset wrong passwords: %w", err)
	}
	return nil
}

// ForgetGuesses forgets all wrong passwords for a subject, and its lock.
func (s *Store) ForgetGuesses(ctx context.Context, subject models.ID) error {
	err := s.transaction(ctx, func(tx *gorm.DB) error { return deleteGuesses(tx, subject) })
	if err != nil {
		return fmt.Errorf("forget wrong passwords: %w", err)
	}
	return nil
}

// deleteGuesses deletes the wrong passwords and the locks of subjects.
func deleteGuesses(tx *gorm.DB, subjects ...models.ID) error {
	if len(subjects) == 0 {
		return nil
	}
	for _, row := range []any{&models.Guesses{}, &models.GuessLock{}} {
		if err := tx.Where("subject IN ?", subjects).Delete(row).Error; err != nil {
			return err
		}
	}
	return nil
}

// PurgeGuesses deletes at most limit counts of sources that have not guessed since an instant, and
// returns how many it has deleted.
func (s *Store) PurgeGuesses(ctx context.Context, before time.Time, limit int) (int, error) {
	return purge[models.Guesses, models.ID](ctx, s, "subject", "last_at <= ?", before, limit)
}

// PurgeGuessLocks deletes at most limit locks that have ended by an instant, and returns how many.
func (s *Store) PurgeGuessLocks(ctx context.Context, until time.Time, limit int) (int, error) {
	return purge[models.GuessLock, models.ID](ctx, s, "subject", "locked_until <= ?", until, limit)
}
