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

// SignIn holds what a sign-in writes.
type SignIn struct {
	// Session is the new session. Its id is random, and drawn for this sign-in only.
	Session models.Session
	// AccountID and PasswordHash are the account and the hash with which the password was checked.
	AccountID    int64
	PasswordHash secret.Text
	// NameHash is a keyed hash of the name.
	NameHash models.ID
	// DespiteLock signs in even if the name is locked because of wrong passwords.
	DespiteLock bool
	// Claim is the anonymous session to take over, or nil. Its EndReason and ClaimedBy are to be
	// written. The other fields come from its refresh token.
	Claim *models.Session
	// Replaces is the session that this device had before, or zero. It ends.
	Replaces models.ID
	// Keep is how many sessions the customer keeps, including the new one. The sessions that were
	// refreshed longest ago end. 0 keeps all.
	Keep int
}

// SignIn writes the row of a new session. In the same transaction it ends the claimed session, the
// replaced session, and the sessions beyond the number to keep.
//
// It returns the row of signIn.Claim as it is then, whether or not the claim succeeded. Without a
// claim it returns nil. Its errors include ErrAccountChanged and ErrNotCaughtUp.
func (s *Store) SignIn(ctx context.Context, signIn SignIn) (*models.Session, error) {
	alone := signIn.Claim == nil && signIn.Replaces == (models.ID{}) && signIn.Keep == 0
	if alone && !s.dialect.isCluster() {
		return nil, s.retry(ctx, func() error { return s.insertCustomerSession(s.write.WithContext(ctx), signIn) })
	}

	var claimed *models.Session
	err := s.transaction(ctx, func(tx *gorm.DB) (err error) {
		if signIn.Claim != nil {
			if claimed, err = s.claimSession(tx, signIn.Claim); err != nil {
				return err
			}
		}
		if err := s.insertCustomerSession(tx, signIn); err != nil {
			return err
		}

		return s.endOthers(tx, signIn)
	})

	return claimed, err
}

// insertCustomerSession inserts the session if the account has not changed since the password was
// checked. So no session begins with an old password. It locks the account's row, so that any other
// change of the account happens either before or after it.
func (s *Store) insertCustomerSession(db *gorm.DB, signIn SignIn) error {
	rows, err := s.insertSession(db, insertion{
		session: &signIn.Session,
		from: `customer_accounts a ` +
			`WHERE a.id = ? AND a.is_active = TRUE AND a.password_hash = ? AND a.locked_by_operator = FALSE ` +
			`AND (? OR NOT EXISTS (SELECT 1 FROM name_locks l WHERE l.name_hash = ? AND l.locked_until > ?))` +
			s.dialect.forUpdate(),
		values: []any{
			signIn.AccountID, signIn.PasswordHash,
			signIn.DespiteLock, signIn.NameHash, signIn.Session.StartedAt,
		},
	})

	switch {
	case errors.Is(err, gorm.ErrDuplicatedKey): // an earlier attempt succeeded after all
		return nil
	case err != nil:
		return fmt.Errorf("insert a session: %w", err)
	case rows == 0:
		return ErrAccountChanged
	}

	return s.countSignIn(db, signIn)
}

// countSignIn writes the account's row on a Galera cluster, where nodes do not see each other's
// locks. Two transactions conflict only if both write the same row. Without this write, a sign-in
// with the old password on one node and a change of the password on another could both succeed.
func (s *Store) countSignIn(tx *gorm.DB, signIn SignIn) error {
	if !s.dialect.isCluster() {
		return nil
	}
	err := tx.Exec(`UPDATE customer_accounts SET sign_ins = sign_ins + 1 WHERE id = ?`, signIn.AccountID).Error
	if err != nil {
		return fmt.Errorf("count a sign-in: %w", err)
	}
	return nil
}

// endOthers ends the replaced session, and the sessions beyond the number to keep.
func (s *Store) endOthers(tx *gorm.DB, signIn SignIn) error {
	if signIn.Replaces != (models.ID{}) {
		replaced := ending{where: `id = ?`, values: []any{signIn.Replaces}, reason: models.ReasonSessionReplaced}
		if _, err := s.end(tx, replaced); err != nil {
			return err
		}
	}

	if signIn.Keep == 0 {
		return nil
	}
	return s.endOldest(tx, signIn.Session.UserID, signIn.Session.ID, signIn.Keep-1)
}

// claimSession ends the session to claim, unless it has already ended, and returns its row as it is
// then.
func (s *Store) claimSession(tx *gorm.DB, ended *models.Session) (*models.Session, error) {
	claim := s.claimWritten
	if ended.Generation == 0 { // it may have no row yet
		claim = s.claimUnwritten
	}
	if err := claim(tx, ended); err != nil {
		return nil, fmt.Errorf("claim a session: %w", err)
	}

	var present models.Session
	err := forUpdate(tx).Where("id = ?", ended.ID).Take(&present).Error
	switch {
	case errors.Is(err, gorm.ErrRecordNotFound), err == nil && present.Generation < ended.Generation:
		return nil, ErrNotCaughtUp
	case err != nil:
		return nil, fmt.Errorf("look at a claim: %w", err)
	}

	return &present, nil
}

// claimWritten claims a session that was refreshed before.
func (s *Store) claimWritten(tx *gorm.DB, ended *models.Session) error {
	_, err := s.end(tx, ending{
		where:     `id = ? AND generation >= ?`,
		values:    []any{ended.ID, ended.Generation},
		reason:    ended.EndReason,
		claimedBy: ended.ClaimedBy,
	})
	return err
}

// claimUnwritten claims a session that may have no row. One statement inserts the ended row, or
// ends the existing row. An INSERT followed by an UPDATE would lock the row twice, and concurrent
// claims would deadlock.
func (s *Store) claimUnwritten(tx *gorm.DB, ended *models.Session) error {
	ifLiving := func(column, value string) string {
		return column + ` = CASE WHEN sessions.ended_at IS NULL THEN ` + value +
			` ELSE sessions.` + column + ` END`
	}

	clock, now := s.dialect.clock()
	_, err := s.insertSession(tx, insertion{
		session: ended,
		// MySQL assigns from left to right, and each condition sees the new values. So ended_at is
		// last.
		onDuplicate: ifLiving("claimed_by", `?`) + `, ` + ifLiving("end_reason", `?`) + `, ` +
			ifLiving("ended_at", clock),
		duplicateValues: append([]any{ended.ClaimedBy, ended.EndReason}, now...),
	})

	return err
}

// forUpdate makes a query lock the rows it reads until the transaction ends.
func forUpdate(tx *gorm.DB) *gorm.DB {
	return tx.Clauses(clause.Locking{Strength: clause.LockingStrengthUpdate})
}
