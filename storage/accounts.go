package storage

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"gorm.io/gorm"

	"github.com/authtickets/authtickets/models"
	"github.com/authtickets/authtickets/secret"
)

// Account returns the named columns of the account whose tickets carry this user id, or ErrNotFound.
func (s *Store) Account(ctx context.Context, userID models.ID, columns ...string) (*models.CustomerAccount, error) {
	var account models.CustomerAccount
	err := retry(ctx, func() error {
		return s.read.WithContext(ctx).Select(columns).Where("user_id = ?", userID).Take(&account).Error
	})
	return found(&account, err)
}

// AccountsOf returns the named columns, user_id among them, of the accounts whose tickets carry these user ids. Those that there are not are left out.
func (s *Store) AccountsOf(ctx context.Context, userIDs []models.ID, columns ...string) ([]*models.CustomerAccount, error) {
	var accounts []*models.CustomerAccount
	err := retry(ctx, func() error { return findIn(s.read.WithContext(ctx).Select(columns), "user_id", userIDs, &accounts) })
	if err != nil {
		return nil, fmt.Errorf("read accounts: %w", err)
	}
	return accounts, nil
}

// AccountByKey returns the named columns of the account with this key, or ErrNotFound.
func (s *Store) AccountByKey(ctx context.Context, key AccountKey, columns ...string) (*models.CustomerAccount, error) {
	var account models.CustomerAccount
	err := retry(ctx, func() error {
		query := s.read.WithContext(ctx).Select(columns)
		switch {
		case key.ID != 0:
			query = query.Where("id = ?", key.ID)
		case key.UserID != (models.ID{}):
			query = query.Where("user_id = ?", key.UserID)
		case key.Name != "":
			query = query.Where("id = (SELECT account_id FROM sign_in_names WHERE name = ?)", key.Name)
		case key.ExternalID != "":
			query = query.Where("external_id = ?", key.ExternalID)
		default:
			return gorm.ErrRecordNotFound
		}
		return query.Take(&account).Error
	})
	return found(&account, err)
}

// AccountKey names an account by the first of its fields that is set.
type AccountKey struct {
	ID     int64
	UserID models.ID
	// Name is a user name or e-mail address in the normal form.
	Name       string
	ExternalID string
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

// Signer is what signing in needs to know: the account, and the wrong passwords counted against it.
type Signer struct {
	models.CustomerAccount

	// Failures and FailuresSince are the count of the source that signs in; nil when there is none.
	Failures      *int
	FailuresSince *time.Time
	// AnyFailures says that some source has a count.
	AnyFailures bool
}

// SignerQuery asks for a Signer.
type SignerQuery struct {
	// Name is in the normal form.
	Name string
	// Columns are those to read of the account.
	Columns []string
	// Source is where the guess comes from, unless the account has the user id KnownUserID: then it is KnownSource.
	Source, KnownSource string
	KnownUserID         models.ID
}

// Signer returns who has this name, or ErrNotFound.
func (s *Store) Signer(ctx context.Context, query SignerQuery) (*Signer, error) {
	statement := `SELECT a.` + strings.Join(query.Columns, `, a.`) + `, f.failures, f.since AS failures_since, ` +
		`EXISTS (SELECT 1 FROM sign_in_failures o WHERE o.account_id = a.id) AS any_failures ` +
		`FROM sign_in_names n JOIN customer_accounts a ON a.id = n.account_id ` +
		`LEFT JOIN sign_in_failures f ON f.account_id = a.id AND f.source = CASE WHEN a.user_id = ? THEN ? ELSE ? END ` +
		`WHERE n.name = ?`
	var signers []Signer
	err := retry(ctx, func() error {
		return s.read.WithContext(ctx).Raw(statement, query.KnownUserID, query.KnownSource, query.Source, query.Name).Find(&signers).Error // Scan would log the values
	})
	if err == nil && len(signers) == 0 {
		err = gorm.ErrRecordNotFound
	}
	if err != nil {
		return found[Signer](nil, err)
	}
	return &signers[0], nil
}

// RenewHash replaces a password hash by another of the same password, unless the password has been changed meanwhile.
func (s *Store) RenewHash(ctx context.Context, accountID int64, outdated, renewed secret.Text, at time.Time) error {
	_, err := s.exec(ctx, `UPDATE customer_accounts SET password_hash = ?, has_external_password = FALSE, updated_at = ? `+
		`WHERE id = ? AND password_hash = ?`, renewed, at, accountID, outdated)
	if err != nil {
		return fmt.Errorf("renew a password hash: %w", err)
	}
	return nil
}

// ChangeAccount sets columns of an account and, where a reason is given, ends the sessions of its customer in the same transaction.
// It returns ErrNotFound when the account is gone.
func (s *Store) ChangeAccount(ctx context.Context, account *models.CustomerAccount, columns map[string]any, endSessions models.Reason) error {
	return s.transaction(ctx, func(tx *gorm.DB) error {
		result := tx.Model(&models.CustomerAccount{}).Where("id = ?", account.ID).Updates(columns)
		if result.Error != nil {
			return fmt.Errorf("change an account: %w", result.Error)
		}
		if result.RowsAffected == 0 {
			return ErrNotFound
		}
		if endSessions == "" {
			return nil
		}
		_, err := endingOf(account.UserID, endSessions, s.settings.Now()).run(tx)
		return err
	})
}

// DeleteAccount deletes an account with all that belongs to it, and ends the sessions of its customer.
func (s *Store) DeleteAccount(ctx context.Context, account *models.CustomerAccount) error {
	return s.transaction(ctx, func(tx *gorm.DB) error {
		for _, statement := range []string{
			`DELETE FROM customer_accounts WHERE id = ?`, `DELETE FROM sign_in_names WHERE account_id = ?`,
			`DELETE FROM customer_attributes WHERE account_id = ?`, `DELETE FROM sign_in_failures WHERE account_id = ?`,
		} {
			if err := tx.Exec(statement, account.ID).Error; err != nil {
				return fmt.Errorf("delete an account: %w", err)
			}
		}
		_, err := endingOf(account.UserID, models.ReasonAccountDeleted, s.settings.Now()).run(tx)
		return err
	})
}

// HasAccountsBeside reports whether there is any account beside those with the external ids.
func (s *Store) HasAccountsBeside(ctx context.Context, externalIDs ...string) (bool, error) {
	var ids []int64
	err := retry(ctx, func() error {
		return s.read.WithContext(ctx).Model(&models.CustomerAccount{}).
			Where("external_id IS NULL OR external_id NOT IN ?", externalIDs).Limit(1).Pluck("id", &ids).Error
	})
	if err != nil {
		return false, fmt.Errorf("look for accounts: %w", err)
	}
	return len(ids) > 0, nil
}
