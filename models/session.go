package models

import "time"

// Session is one chain of tickets, from sign-in to sign-out. Its tickets are computed from this row
// alone, so nothing that works as a token is stored.
type Session struct {
	ID          ID `gorm:"primaryKey"`
	Application string
	// ApplicationEpoch is the application's epoch when the session began.
	ApplicationEpoch uint32
	// UserID is the user id of the shopper. For a customer it is the account's.
	UserID ID
	// IsAnonymous is true if the shopper had not signed in when the session began.
	IsAnonymous bool
	// Generation is how often the session's ticket was refreshed. The first ticket has 0.
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
	// MovedAt is when the session reached its generation, by the clock of the database. It is nil
	// in rows that an earlier version wrote.
	MovedAt *time.Time
	// AttemptHash is a hash of the attempt that led to this generation, or nil without an attempt.
	// It also depends on the session and the previous generation.
	AttemptHash []byte
	// EndedAt is when the session ended, by the clock of the database; nil while it lives.
	EndedAt *time.Time
	// EndReason is why the session ended; empty while it lives.
	EndReason Reason
	// ClaimedBy is the user id of the customer who took over an anonymous session by signing in.
	ClaimedBy *ID
	// UserAgent is the user agent of the sign-in, at most 255 characters. It is empty in an
	// anonymous session.
	UserAgent string

	// IsCurrent is true if the caller's token belongs to this session.
	IsCurrent bool `gorm:"-"`
}
