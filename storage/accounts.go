package storage

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"gorm.io/gorm"

	"github.com/authtickets/authtickets/models"
	"github.com/authtickets/authtickets/secret"
)

// Account returns the named columns of the account with this user id, or ErrNotFound. On a node
// that lags, they may be outdated.
func (s *Store) Account(ctx context.Context, userID models.ID, columns ...string) (*models.CustomerAccount, error) {
	var account models.CustomerAccount
	err := s.retry(ctx, func() error {
		return s.read.WithContext(ctx).Select(columns).Where("user_id = ?", userID).Take(&account).Error
	})
	return found(&account, err)
}

// LatestAccount is like Account, but returns the columns as they were last written on any node.
func (s *Store) LatestAccount(
	ctx context.Context, userID models.ID, columns ...string,
) (*models.CustomerAccount, error) {
	accounts, err := s.latestAccounts(ctx, columns, "user_id = ?", userID)
	if err != nil {
		return nil, err
	}
	if len(accounts) == 0 {
		return nil, ErrNotFound
	}
	return accounts[0], nil
}

// AccountsOf returns the named columns of the accounts with these user ids. The columns must
// include user_id. It omits accounts that do not exist.
func (s *Store) AccountsOf(
	ctx context.Context, userIDs []models.ID, columns ...string,
) ([]*models.CustomerAccount, error) {
	var accounts []*models.CustomerAccount
	err := s.retry(ctx, func() error {
		return findIn(s.read.WithContext(ctx).Select(columns), "user_id", userIDs, &accounts)
	})
	if err != nil {
		return nil, fmt.Errorf("read accounts: %w", err)
	}

	missing := slices.DeleteFunc(slices.Clone(userIDs), func(id models.ID) bool {
		return slices.ContainsFunc(accounts, func(found *models.CustomerAccount) bool { return found.UserID == id })
	})
	if len(missing) == 0 || !s.dialect.mayLag() {
		return accounts, nil
	}

	// A node that lags may not have the newest accounts yet.
	newest, err := s.latestAccounts(ctx, columns, "user_id IN ?", missing)
	return append(accounts, newest...), err
}

// AccountByKey returns the named columns of the account with this key, or ErrNotFound. It sees what
// was last written on any node, so it finds the account that has the key now. It waits for no lock.
func (s *Store) AccountByKey(ctx context.Context, key AccountKey, columns ...string) (*models.CustomerAccount, error) {
	condition, value := key.condition()
	if condition == "" {
		return nil, ErrNotFound
	}

	var account models.CustomerAccount
	err := s.latestUnlocked(ctx, func(db *gorm.DB) error {
		return db.Select(columns).Where(condition, value).Take(&account).Error
	})
	return found(&account, err)
}

func (s *Store) latestAccounts(
	ctx context.Context, columns []string, condition string, values ...any,
) ([]*models.CustomerAccount, error) {
	var accounts []*models.CustomerAccount
	query := `SELECT ` + strings.Join(columns, `, `) + ` FROM customer_accounts WHERE ` + condition
	if err := s.latest(ctx, &accounts, query, values...); err != nil {
		return nil, fmt.Errorf("read accounts: %w", err)
	}
	return accounts, nil
}

// AccountKey identifies an account by the first of these fields that is set.
type AccountKey struct {
	ID     int64
	UserID models.ID
	// Name is a user name or e-mail address in the normal form.
	Name       string
	ExternalID string
}

// condition returns the condition that finds the account. It is empty if no field is set.
func (k AccountKey) condition() (condition string, value any) {
	switch {
	case k.ID != 0:
		return "id = ?", k.ID
	case k.UserID != (models.ID{}):
		return "user_id = ?", k.UserID
	case k.Name != "":
		return "id = (SELECT account_id FROM sign_in_names WHERE name = ?)", k.Name
	case k.ExternalID != "":
		return "external_id = ?", k.ExternalID
	default:
		return "", nil
	}
}

func found[Row any](row *Row, err error) (*Row, error) {
	if errors.Is(err, gorm.ErrRecordNotFound) {
		return nil, ErrNotFound
	}
	if err != nil {
		return nil, fmt.Errorf("read an account: %w", err)
	}
	return row, nil
}

// SignInFacts are what a sign-in needs to know about a name: the account that has it, if any, the
// wrong passwords, the sessions, and whether the device is known.
type SignInFacts struct {
	// CustomerAccount has no ID if no account has the name.
	models.CustomerAccount

	// InWindow is how many wrong passwords the source has sent since WindowSince. Both are nil if
	// it has sent none.
	InWindow    *int
	WindowSince *time.Time
	// InDay is how many wrong passwords the source has sent in the last three half days.
	InDay int
	// StrangersInDay is how many wrong passwords all strangers have sent in that time.
	StrangersInDay int
	// GuessedUntil is when the last lock of the name ends or ended, or nil if there was none.
	GuessedUntil *time.Time
	// LockedFor is the user id of the account that had the name when it was locked, or nil.
	LockedFor *models.ID
	// Sessions is how many living sessions the customer has.
	Sessions int
	// DeviceKnown is true if the customer has signed in on this device before. The row of that
	// session must still exist, and must not have ended for a reason in SignInQuery.Distrust.
	DeviceKnown bool
}

// Exists reports whether an account has the name.
func (f *SignInFacts) Exists() bool { return f.ID != nil }

// SignInQuery asks for SignInFacts.
type SignInQuery struct {
	// Name is in the normal form. Guesses are counted for its hash, NameHash.
	Name     string
	NameHash models.ID
	// Columns are the columns of the account to read.
	Columns []string
	// Source is where the guess comes from. On a known device, DeviceSource is used instead. The
	// sources of all devices begin with DevicePrefix.
	Source, DeviceSource, DevicePrefix string
	// At is the instant of the guess.
	At time.Time
	// DeviceUserID is the customer who has signed in on this device before, and DeviceSession is
	// the session there. Both are zero if there is none.
	DeviceUserID  models.ID
	DeviceSession models.ID
	// Distrust are the reasons for which a session ends and its device is no longer known.
	Distrust []models.Reason
}

// SignInFacts returns what a sign-in needs to know about a name. It sees what was last written on
// any node, so that it finds an account that was just created.
//
// It runs the same statement whether or not an account has the name, and waits for no lock. So the
// time it takes does not show whether the account exists.
func (s *Store) SignInFacts(ctx context.Context, query SignInQuery) (*SignInFacts, error) {
	const deviceKnown = `COALESCE(a.user_id = q.device AND d.end_reason IS NOT NULL ` +
		`AND d.end_reason NOT IN ?, FALSE)`
	clock, now := s.dialect.clock()
	statement := `SELECT ` + accountColumns(query.Columns) + `, g.in_window, g.window_since, ` +
		`COALESCE(` + inDay + `, 0) AS in_day, l.locked_until AS guessed_until, l.user_id AS locked_for, ` +
		`(SELECT COALESCE(SUM(` + inDay + `), 0) FROM name_guesses g WHERE g.name_hash = q.name_hash ` +
		`AND g.source NOT LIKE ?) AS strangers_in_day, ` +
		`(SELECT COUNT(*) FROM sessions s WHERE s.user_id = a.user_id AND s.ended_at IS NULL AND s.expires_at > ` +
		clock + `) AS sessions, ` +
		deviceKnown + ` AS device_known ` +
		`FROM (SELECT ? AS name, ? AS name_hash, ? AS device) q ` +
		`LEFT JOIN sign_in_names n ON n.name = q.name LEFT JOIN customer_accounts a ON a.id = n.account_id ` +
		`LEFT JOIN sessions d ON d.id = ? AND d.user_id = a.user_id ` +
		`LEFT JOIN name_locks l ON l.name_hash = q.name_hash ` +
		`LEFT JOIN name_guesses g ON g.name_hash = q.name_hash ` +
		`AND g.source = CASE WHEN ` + deviceKnown + ` THEN ? ELSE ? END`
	halfDays := halfDaysOf(query.At)
	values := slices.Concat(halfDays, halfDays, []any{query.DevicePrefix + `%`}, now)
	values = append(values, query.Distrust, query.Name, query.NameHash, query.DeviceUserID,
		query.DeviceSession, query.Distrust, query.DeviceSource, query.Source)

	var facts []SignInFacts
	err := s.latestUnlocked(ctx, func(db *gorm.DB) error {
		return db.Raw(statement, values...).Find(&facts).Error // Scan would log the values
	})
	if err != nil {
		return nil, fmt.Errorf("read an account: %w", err)
	}

	return &facts[0], nil
}

// accountColumns selects columns of an account that may not exist. It replaces NULL where Go has no
// value for it.
func accountColumns(columns []string) string {
	list := make([]string, len(columns))
	for i, column := range columns {
		switch column {
		case "user_id":
			list[i] = `COALESCE(a.user_id, q.name_hash) AS user_id`
		case "password_hash":
			list[i] = `COALESCE(a.password_hash, '') AS password_hash`
		default:
			list[i] = `a.` + column
		}
	}
	return strings.Join(list, `, `)
}

// RenewHash replaces a password hash by a new hash of the same password. It does nothing if the
// hash was changed meanwhile.
func (s *Store) RenewHash(ctx context.Context, accountID int64, outdated, renewed secret.Text, at time.Time) error {
	_, err := s.exec(ctx, `UPDATE customer_accounts `+
		`SET password_hash = ?, has_external_password = FALSE, updated_at = ? `+
		`WHERE id = ? AND password_hash = ?`, renewed, at, accountID, outdated)
	if err != nil {
		return fmt.Errorf("renew a password hash: %w", err)
	}
	return nil
}

// ChangeAccount changes an account in one transaction. It returns ErrNotFound if the account no
// longer exists.
func (s *Store) ChangeAccount(ctx context.Context, account *models.CustomerAccount, change AccountChange) error {
	return s.transaction(ctx, func(tx *gorm.DB) error {
		result := tx.Model(&models.CustomerAccount{}).Where("id = ?", account.ID).Updates(change.columns())
		if result.Error != nil {
			return fmt.Errorf("change an account: %w", result.Error)
		}
		if result.RowsAffected == 0 {
			return ErrNotFound
		}

		if change.EndSessions == "" {
			return nil
		}
		_, err := s.end(tx, endingOf(change.EndSessions, account.UserID))
		return err
	})
}

// DeleteAccount deletes an account with its names and attributes, and ends the customer's sessions.
// It keeps the counts of wrong passwords for the names. Otherwise a guesser could notice that no
// account has the names any more.
func (s *Store) DeleteAccount(ctx context.Context, account *models.CustomerAccount) error {
	return s.transaction(ctx, func(tx *gorm.DB) error {
		for _, statement := range []string{
			`DELETE FROM customer_accounts WHERE id = ?`,
			`DELETE FROM sign_in_names WHERE account_id = ?`,
			`DELETE FROM customer_attributes WHERE account_id = ?`,
		} {
			if err := tx.Exec(statement, account.ID).Error; err != nil {
				return fmt.Errorf("delete an account: %w", err)
			}
		}

		_, err := s.end(tx, endingOf(models.ReasonAccountDeleted, account.UserID))
		return err
	})
}

// HasAccountsBeside reports whether there are accounts other than those with these external ids.
func (s *Store) HasAccountsBeside(ctx context.Context, externalIDs ...string) (bool, error) {
	var ids []int64
	err := s.retry(ctx, func() error {
		return s.read.WithContext(ctx).Model(&models.CustomerAccount{}).
			Where("external_id IS NULL OR external_id NOT IN ?", externalIDs).Limit(1).Pluck("id", &ids).Error
	})
	if err != nil {
		return false, fmt.Errorf("look for accounts: %w", err)
	}
	return len(ids) > 0, nil
}
