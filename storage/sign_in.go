package storage

import (
	"context"
	"errors"
	"fmt"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"github.com/authtickets/authtickets/models"
	"github.com/authtickets/authtickets/secret"
)

// SignIn is what signing in writes.
type SignIn struct {
	// Session is the new session. Its id was drawn for this sign-in.
	Session models.Session
	// AccountID and PasswordHash are what the password was checked against.
	AccountID    int64
	PasswordHash secret.Text
	// KnownDevice says that a lock by wrong guesses does not hold here.
	KnownDevice bool
	// Claim is the anonymous session to take over; nil when there is none.
	Claim *Claim
}

// Claim is an anonymous session that a customer takes over by signing in.
type Claim struct {
	// Holding is what the anonymous shopper's refresh token says.
	Holding Holding
	// Ended is the row to write when the session has none yet: ended by this sign-in, claimed by the customer.
	Ended models.Session
}

// ErrAccountChanged is returned when the account was deactivated, locked, deleted or given another password while the old one was being checked.
var ErrAccountChanged = errors.New("the account was changed meanwhile")

// SignIn writes the row of a new session, and ends the claimed one in the same transaction. It reports whether the claim held:
// the anonymous session was alive and its token good, or the same customer had claimed it before. A claim that does not hold changes nothing.
func (s *Store) SignIn(ctx context.Context, signIn SignIn) (bool, error) {
	if signIn.Claim == nil {
		return false, retry(ctx, func() error { return insertCustomerSession(s.write.WithContext(ctx), signIn) })
	}
	var claimed bool
	err := s.transaction(ctx, func(tx *gorm.DB) (err error) {
		if claimed, err = claimSession(tx, *signIn.Claim); err != nil {
			return err
		}
		return insertCustomerSession(tx, signIn)
	})
	return claimed, err
}

// insertCustomerSession inserts the session on the condition that the account is as it was when the password was checked, so that a session
// can not outlive a change of password by a moment. It locks the account's row, so that a change under way comes before or after it.
func insertCustomerSession(db *gorm.DB, signIn SignIn) error {
	session := signIn.Session
	result := db.Exec(`INSERT INTO sessions `+
		`(id, application, user_id, is_anonymous, generation, started_at, refreshed_at, expires_at, purge_at, end_reason, user_agent) `+
		`SELECT ?, ?, a.user_id, FALSE, ?, ?, ?, ?, ?, '', ? FROM customer_accounts a `+
		`WHERE a.id = ? AND a.is_active = TRUE AND a.password_hash = ? AND a.locked_by_operator = FALSE `+
		`AND (? OR a.locked_until IS NULL OR a.locked_until <= ?)`+locked(db),
		session.ID, session.Application, session.Generation, session.StartedAt, session.RefreshedAt, session.ExpiresAt, session.PurgeAt, session.UserAgent,
		signIn.AccountID, signIn.PasswordHash, signIn.KnownDevice, session.StartedAt)
	switch {
	case errors.Is(result.Error, gorm.ErrDuplicatedKey): // an earlier attempt had got through
		return nil
	case result.Error != nil:
		return fmt.Errorf("insert a session: %w", result.Error)
	case result.RowsAffected == 0:
		return ErrAccountChanged
	}
	return nil
}

func claimSession(tx *gorm.DB, claim Claim) (bool, error) {
	if claim.Holding.Generation == 0 { // most often there is no row yet
		return claimUnwritten(tx, claim)
	}
	reason, customer, at := claim.Ended.EndReason, claim.Ended.ClaimedBy, claim.Ended.EndedAt
	values := append([]any{at, reason, customer, claim.Holding.ID, reason, customer}, claim.Holding.values()...)
	result := tx.Exec(`UPDATE sessions SET ended_at = COALESCE(ended_at, ?), end_reason = ?, claimed_by = ? `+
		`WHERE id = ? AND ((end_reason = ? AND claimed_by = ?) OR (`+held+`))`, values...)
	if result.Error != nil {
		return false, fmt.Errorf("claim a session: %w", result.Error)
	}
	return result.RowsAffected == 1, nil
}

// claimUnwritten writes the ended row of a session that has none, or ends the row that is there, in one statement, and then looks whose claim it is. To
// insert first and update when there is a row would be two locks on it, and many who try that at once deadlock.
func claimUnwritten(tx *gorm.DB, claim Claim) (bool, error) {
	row, ended := claim.Ended, claim.Ended
	// MySQL assigns from left to right and sees what it has just assigned, so ended_at, which the condition asks for, comes last.
	assignment := func(column string, value any) clause.Assignment {
		values := append(claim.Holding.values(), value)
		return clause.Assignment{
			Column: clause.Column{Name: column}, Value: gorm.Expr(`CASE WHEN `+held+` THEN ? ELSE sessions.`+column+` END`, values...),
		}
	}
	err := tx.Clauses(clause.OnConflict{Columns: []clause.Column{{Name: "id"}}, DoUpdates: clause.Set{
		assignment("claimed_by", ended.ClaimedBy), assignment("end_reason", ended.EndReason), assignment("ended_at", ended.EndedAt),
	}}).Create(&row).Error
	if err != nil {
		return false, fmt.Errorf("claim a session: %w", err)
	}
	var claims int64
	err = tx.Model(&models.Session{}).
		Where("id = ? AND end_reason = ? AND claimed_by = ?", ended.ID, ended.EndReason, ended.ClaimedBy).Count(&claims).Error
	if err != nil {
		return false, fmt.Errorf("look at a claim: %w", err)
	}
	return claims == 1, nil
}

// forUpdate makes a query lock the rows it reads until the transaction ends.
func forUpdate(tx *gorm.DB) *gorm.DB {
	return tx.Clauses(clause.Locking{Strength: clause.LockingStrengthUpdate})
}

// locked ends a SELECT that must see no change under way, whatever the isolation level. SQLite has one writer at a time.
func locked(db *gorm.DB) string {
	if db.Name() == mysqlName {
		return ` FOR UPDATE`
	}
	return ``
}
