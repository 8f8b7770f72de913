package models

import "time"

// Session is one chain of tickets, from sign-in to sign-out. Its tickets are computed from this row
// alone, so nothing that works as a token is stored.
type Session struct {
	ID          ID `gorm:"primaryKey"`
	Application string
	// ApplicationEpoch is the epoch that the application had when the session began.
	ApplicationEpoch uint32
	// UserID is the shopper's. A customer has the one of the account.
	UserID ID
	// IsAnonymous is true if the shopper had not signed in when the session began.
	IsAnonymous bool
	// Generation is how many times the session's ticket has been refreshed; 0 for the first ticket.
	Generation int64
	StartedAt  time.Time
	// RefreshedAt is when the ticket of this generation was issued. For generation 0 it is
	// StartedAt.
	RefreshedAt time.Time
	// ExpiresAt is when the refresh token of this generation expires.
	ExpiresAt time.Time
	// PurgeAt is when every token ever issued for the session has expired. It is rounded up to a
	// whole day, so that its index changes once a day instead of at each refresh.
	PurgeAt time.Time
	// MovedAt is when the session reached its generation, by the clock of the database; nil in rows
	// that an earlier version has written.
	MovedAt *time.Time
	// AttemptHash is a hash of the attempt that led to this generation; nil if there was none. It
	// also depends on the session and the generation before.
	AttemptHash []byte
	// EndedAt is when the session ended, by the clock of the database; nil while it lives.
	EndedAt *time.Time
	// EndReason is why the session ended; empty while it lives.
	EndReason Reason
	// ClaimedBy is the user id of the customer who took over an anonymous session by signing in.
	ClaimedBy *ID
	// UserAgent is the user agent of the sign-in, at most 255 characters. It is empty for an
	// anonymous session.
	UserAgent string

	// IsCurrent is true if the caller asks with a token of this session.
	IsCurrent bool `gorm:"-"`
}
