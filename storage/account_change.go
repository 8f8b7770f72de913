package storage

import (
	"github.com/authtickets/authtickets/models"
	"github.com/authtickets/authtickets/secret"
)

// AccountChange says what to change in an account. A field that is nil or zero changes nothing.
type AccountChange struct {
	// PasswordHash is in this program's own format, not in another system's.
	PasswordHash     *secret.Text
	IsActive         *bool
	LockedByOperator *bool
	// EndGuessLock clears the account's LockedUntil. ForgetGuesses ends the locks of its names.
	EndGuessLock bool
	// EndSessions is the reason with which the customer's sessions end, in the same transaction. If
	// it is empty, they go on.
	EndSessions models.Reason
}

func (c AccountChange) columns() map[string]any {
	columns := map[string]any{}

	if c.PasswordHash != nil {
		columns["password_hash"] = *c.PasswordHash
		columns["has_external_password"] = false
	}
	if c.IsActive != nil {
		columns["is_active"] = *c.IsActive
	}
	if c.LockedByOperator != nil {
		columns["locked_by_operator"] = *c.LockedByOperator
	}
	if c.EndGuessLock {
		columns["locked_until"] = nil
	}
	return columns
}
