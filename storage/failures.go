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
	AccountID int64
	Source    string
	At        time.Time
	// WindowStart is when a window must have begun to be still open: a source whose window began earlier starts counting anew.
	WindowStart time.Time
	// LockEnded is when the last lock of the account ended; what was wrong before does not count towards the next one. nil when there was none.
	LockEnded *time.Time
	// MostPerSource bounds what one source adds to the account's count.
	MostPerSource int
	// LockAt is how many wrong guesses of all sources together lock the account.
	LockAt int
	// LockUntil is when that lock ends.
	LockUntil time.Time
}

// CountFailure counts a wrong password for its source, and locks the account if that makes too many. It reports whether it has locked it.
func (s *Store) CountFailure(ctx context.Context, guess Guess) (bool, error) {
	if err := retryUndone(ctx, func() error { return s.addFailure(ctx, guess) }); err != nil { // run twice it would count twice
		return false, fmt.Errorf("count a wrong password: %w", err)
	}
	rows, err := s.exec(ctx, `UPDATE customer_accounts SET locked_until = ? `+
		`WHERE id = ? AND (locked_until IS NULL OR locked_until <= ?) AND ? <= (`+
		`SELECT COALESCE(SUM(in_a_row), 0) FROM sign_in_failures f WHERE f.account_id = customer_accounts.id `+
		`AND (customer_accounts.locked_until IS NULL OR f.last_at >= customer_accounts.locked_until))`,
		guess.LockUntil, guess.AccountID, guess.At, guess.LockAt)
	if err != nil {
		return false, fmt.Errorf("lock an account: %w", err)
	}
	return rows == 1, nil
}

func (s *Store) addFailure(ctx context.Context, guess Guess) error {
	row := models.SignInFailure{AccountID: guess.AccountID, Source: guess.Source, Failures: 1, Since: guess.At, InARow: 1, LastAt: guess.At}
	set := func(column, value string, values ...any) clause.Assignment {
		return clause.Assignment{Column: clause.Column{Name: column}, Value: gorm.Expr(value, values...)}
	}
	// MySQL assigns from left to right and sees what it has just assigned, so the instants come last.
	return s.write.WithContext(ctx).Clauses(clause.OnConflict{
		Columns: []clause.Column{{Name: "account_id"}, {Name: "source"}},
		DoUpdates: clause.Set{
			set("failures", `CASE WHEN sign_in_failures.since <= ? THEN 1 WHEN sign_in_failures.failures < ? THEN sign_in_failures.failures + 1 `+
				`ELSE sign_in_failures.failures END`, guess.WindowStart, guess.MostPerSource),
			set("in_a_row", `CASE WHEN sign_in_failures.last_at < ? THEN 1 WHEN sign_in_failures.in_a_row < ? THEN sign_in_failures.in_a_row + 1 `+
				`ELSE sign_in_failures.in_a_row END`, guess.LockEnded, guess.MostPerSource),
			set("since", `CASE WHEN sign_in_failures.since <= ? THEN ? ELSE sign_in_failures.since END`, guess.WindowStart, guess.At),
			set("last_at", `?`, guess.At),
		},
	}).Create(&row).Error
}

// ResetFailures forgets the wrong passwords of all sources for an account.
func (s *Store) ResetFailures(ctx context.Context, accountID int64) error {
	if _, err := s.exec(ctx, `DELETE FROM sign_in_failures WHERE account_id = ?`, accountID); err != nil {
		return fmt.Errorf("reset wrong passwords: %w", err)
	}
	return nil
}

// PurgeFailures deletes the counts of at most limit accounts and sources that have not guessed since an instant, and returns how many it has deleted.
func (s *Store) PurgeFailures(ctx context.Context, before time.Time, limit int) (int, error) {
	return purge[models.SignInFailure, int64](ctx, s, "account_id", "last_at <= ?", before, limit)
}
