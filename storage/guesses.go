package storage

import (
	"context"
	"fmt"
	"slices"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"github.com/authtickets/authtickets/models"
)

// Guess is one wrong password.
type Guess struct {
	// NameHash is a keyed hash of the name.
	NameHash models.ID
	// UserID is the user id of the account that has the name, or nil.
	UserID *models.ID
	// Source is where the guess comes from. The sources of known devices begin with DevicePrefix.
	// All other sources are strangers.
	Source, DevicePrefix string
	At                   time.Time
	// WindowStart is the limit for open windows. If the source's window began then or earlier, it
	// is over, and the guess starts another one.
	WindowStart time.Time
	// ForgetBefore decides which guesses in a row still count: only those of sources that have
	// guessed since then.
	ForgetBefore time.Time
	// MostInARow is the most that one source contributes to the count that locks the name.
	MostInARow int
	// LockAt is how many wrong guesses in a row, of all strangers together, lock the name.
	LockAt int
	// LockUntil is when that lock ends.
	LockUntil time.Time
}

// GuessCounts are the counts including the latest wrong password.
type GuessCounts struct {
	// InWindow is how many wrong passwords the source has sent in its window.
	InWindow int
	// InDay is how many the source has sent in the last three half days. StrangersInDay is how many
	// all strangers have sent.
	InDay, StrangersInDay int
	// Locked is true if this wrong password locked the name.
	Locked bool
}

// HalfDay returns the number of an instant's half day, counted from 1970 in UTC.
func HalfDay(at time.Time) int64 { return at.Unix() / int64(halfDay.Seconds()) }

// HalfDayEnd returns when the half day of an instant ends.
func HalfDayEnd(at time.Time) time.Time { return at.UTC().Truncate(halfDay).Add(halfDay) }

const halfDay = 12 * time.Hour

// inDay counts the wrong passwords of a row of name_guesses in the last three half days. A server
// whose clock is ahead may already have begun the next half day. halfDaysOf returns the values.
const inDay = `CASE WHEN g.half_day >= ? THEN g.in_half_day + g.half_day_before + g.half_day_before_that ` +
	`WHEN g.half_day = ? THEN g.in_half_day + g.half_day_before ` +
	`WHEN g.half_day = ? THEN g.in_half_day ELSE 0 END`

func halfDaysOf(at time.Time) []any {
	present := HalfDay(at)
	return []any{present, present - 1, present - 2}
}

// CountGuess counts a wrong password, and locks the name if there are too many. It runs the same
// statements whether or not an account has the name.
func (s *Store) CountGuess(ctx context.Context, guess Guess) (GuessCounts, error) {
	err := s.retryUndone(ctx, func() error { return s.addGuess(ctx, guess) }) // must not count twice
	if err != nil {
		return GuessCounts{}, fmt.Errorf("count a wrong password: %w", err)
	}

	counts, inARow, err := s.guessCounts(ctx, guess)
	if err != nil {
		return GuessCounts{}, fmt.Errorf("read the wrong passwords: %w", err)
	}

	if inARow >= guess.LockAt {
		counts.Locked, err = s.lock(ctx, guess)
	}

	return counts, err
}

// guessCounts reads the counts. inARow is how many wrong guesses in a row all strangers have sent.
func (s *Store) guessCounts(ctx context.Context, guess Guess) (counts GuessCounts, inARow int, err error) {
	const statement = `SELECT COALESCE(SUM(CASE WHEN g.source = ? THEN g.in_window ELSE 0 END), 0) AS in_window, ` +
		`COALESCE(SUM(CASE WHEN g.source = ? THEN ` + inDay + ` ELSE 0 END), 0) AS in_day, ` +
		`COALESCE(SUM(CASE WHEN g.source LIKE ? THEN 0 ELSE ` + inDay + ` END), 0) AS strangers_in_day, ` +
		`COALESCE(SUM(CASE WHEN g.source LIKE ? OR g.last_at <= ? THEN 0 ELSE g.in_a_row END), 0) AS in_a_row ` +
		`FROM name_guesses g WHERE g.name_hash = ?`
	devices, halfDays := guess.DevicePrefix+`%`, halfDaysOf(guess.At)
	values := slices.Concat(
		[]any{guess.Source, guess.Source}, halfDays,
		[]any{devices}, halfDays,
		[]any{devices, guess.ForgetBefore, guess.NameHash},
	)

	var row struct {
		GuessCounts

		InARow int
	}

	err = s.latestUnlocked(ctx, func(db *gorm.DB) error {
		return db.Raw(statement, values...).Find(&row).Error // Scan would log the values
	})

	return row.GuessCounts, row.InARow, err
}

func (s *Store) addGuess(ctx context.Context, guess Guess) error {
	row := models.NameGuesses{
		NameHash:    guess.NameHash,
		Source:      guess.Source,
		UserID:      guess.UserID,
		InWindow:    1,
		WindowSince: guess.At,
		InARow:      1,
		HalfDay:     HalfDay(guess.At),
		InHalfDay:   1,
		LastAt:      guess.At,
	}

	return s.write.WithContext(ctx).Clauses(clause.OnConflict{
		Columns:   []clause.Column{{Name: "name_hash"}, {Name: "source"}},
		DoUpdates: oneMore(guess),
	}).Create(&row).Error
}

// oneMore returns the assignments that add a guess to an existing row. MySQL assigns from left to
// right, and an expression sees the new values of columns to its left. So a column comes after
// those that depend on its old value.
func oneMore(guess Guess) clause.Set {
	set := func(column, value string, values ...any) clause.Assignment {
		return clause.Assignment{Column: clause.Column{Name: column}, Value: gorm.Expr(value, values...)}
	}

	present := HalfDay(guess.At)

	return clause.Set{
		set("in_window", `CASE WHEN name_guesses.window_since <= ? THEN 1 `+
			`ELSE name_guesses.in_window + 1 END`, guess.WindowStart),

		set("half_day_before_that", `CASE WHEN name_guesses.half_day >= ? THEN name_guesses.half_day_before_that `+
			`WHEN name_guesses.half_day = ? THEN name_guesses.half_day_before `+
			`WHEN name_guesses.half_day = ? THEN name_guesses.in_half_day ELSE 0 END`, present, present-1, present-2),
		set("half_day_before", `CASE WHEN name_guesses.half_day >= ? THEN name_guesses.half_day_before `+
			`WHEN name_guesses.half_day = ? THEN name_guesses.in_half_day ELSE 0 END`, present, present-1),
		set("in_half_day", `CASE WHEN name_guesses.half_day >= ? THEN name_guesses.in_half_day + 1 `+
			`ELSE 1 END`, present),

		set("in_a_row", `CASE WHEN name_guesses.last_at <= ? THEN 1 WHEN name_guesses.in_a_row < ? `+
			`THEN name_guesses.in_a_row + 1 ELSE name_guesses.in_a_row END`, guess.ForgetBefore, guess.MostInARow),

		set("window_since", `CASE WHEN name_guesses.window_since <= ? THEN ? `+
			`ELSE name_guesses.window_since END`, guess.WindowStart, guess.At),
		set("half_day", `CASE WHEN name_guesses.half_day < ? THEN ? `+
			`ELSE name_guesses.half_day END`, present, present),
		set("user_id", `?`, guess.UserID),
		set("last_at", `?`, guess.At),
	}
}

// lock locks a name, and sets the counts in a row to 0, so that they do not lead to the next lock.
// It reports whether there were counts to set. If not, a concurrent call was faster.
func (s *Store) lock(ctx context.Context, guess Guess) (bool, error) {
	var locked bool
	err := s.transaction(ctx, func(tx *gorm.DB) error {
		if err := lockName(tx, guess); err != nil {
			return err
		}

		reset := tx.Exec(`UPDATE name_guesses SET in_a_row = 0 WHERE name_hash = ? AND in_a_row > 0`,
			guess.NameHash)
		locked = reset.RowsAffected > 0
		if reset.Error != nil {
			return reset.Error
		}

		return tx.Exec(`UPDATE customer_accounts SET locked_until = ? WHERE user_id = ?`,
			guess.LockUntil, guess.UserID).Error
	})
	if err != nil {
		return false, fmt.Errorf("lock after wrong passwords: %w", err)
	}

	return locked, nil
}

// lockName inserts the lock of a name. If the name is already locked, the lock keeps its end.
func lockName(tx *gorm.DB, guess Guess) error {
	row := models.NameLock{NameHash: guess.NameHash, UserID: guess.UserID, LockedUntil: guess.LockUntil}
	lockedUntil := gorm.Expr(`CASE WHEN name_locks.locked_until <= ? THEN ? ELSE name_locks.locked_until END`,
		guess.At, guess.LockUntil)

	return tx.Clauses(clause.OnConflict{
		Columns: []clause.Column{{Name: "name_hash"}},
		DoUpdates: clause.Set{
			{Column: clause.Column{Name: "user_id"}, Value: guess.UserID},
			{Column: clause.Column{Name: "locked_until"}, Value: lockedUntil},
		},
	}).Create(&row).Error
}

// ResetGuesses forgets the wrong passwords for a name, except the counts per half day, and ends its
// lock. It also clears the account's LockedUntil, unless its other name is locked at that instant.
func (s *Store) ResetGuesses(ctx context.Context, nameHash, userID models.ID, at time.Time) error {
	err := s.transaction(ctx, func(tx *gorm.DB) error {
		err := tx.Exec(`UPDATE name_guesses SET in_window = 0, in_a_row = 0 WHERE name_hash = ?`, nameHash).Error
		if err != nil {
			return err
		}
		if err := tx.Exec(`DELETE FROM name_locks WHERE name_hash = ?`, nameHash).Error; err != nil {
			return err
		}

		return tx.Exec(`UPDATE customer_accounts SET locked_until = NULL `+
			`WHERE user_id = ? AND locked_until IS NOT NULL `+
			`AND NOT EXISTS (SELECT 1 FROM name_locks l WHERE l.user_id = ? AND l.locked_until > ?)`,
			userID, userID, at).Error
	})
	if err != nil {
		return fmt.Errorf("reset wrong passwords: %w", err)
	}

	return nil
}

// ForgetGuesses forgets all wrong passwords for the names of an account, and their locks.
func (s *Store) ForgetGuesses(ctx context.Context, userID models.ID) error {
	err := s.transaction(ctx, func(tx *gorm.DB) error { return deleteGuesses(tx, userID) })
	if err != nil {
		return fmt.Errorf("forget wrong passwords: %w", err)
	}
	return nil
}

// deleteGuesses deletes the wrong passwords and the locks of accounts.
func deleteGuesses(tx *gorm.DB, userIDs ...models.ID) error {
	if len(userIDs) == 0 {
		return nil
	}

	for _, row := range []any{&models.NameGuesses{}, &models.NameLock{}} {
		if err := tx.Where("user_id IN ?", userIDs).Delete(row).Error; err != nil {
			return err
		}
	}
	return nil
}

// PurgeGuesses deletes the counts of sources whose last guess was at the instant until or earlier,
// and returns how many. It looks up limit rows, and deletes all outdated rows of their names.
func (s *Store) PurgeGuesses(ctx context.Context, until time.Time, limit int) (int, error) {
	return purge[models.NameGuesses, models.ID](ctx, s, "name_hash", "last_at <= ?", until, limit)
}

// PurgeNameLocks deletes locks that had ended at the instant until. It deletes at most limit locks,
// and returns how many.
func (s *Store) PurgeNameLocks(ctx context.Context, until time.Time, limit int) (int, error) {
	return purge[models.NameLock, models.ID](ctx, s, "name_hash", "locked_until <= ?", until, limit)
}
