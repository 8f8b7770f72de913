package models

import "time"

// Session is one chain of tickets, from sign-in to sign-out. Every ticket of it is a pure function
// of this row, so nothing that could be used as a token is stored.
type Session struct {
	ID          ID `gorm:"primaryKey"`
	Application string
	// ApplicationEpoch is the epoch that the application had when the session began.
	ApplicationEpoch uint32
	// UserID is the shopper's; of a customer it is that of the account.
	UserID ID
	// IsAnonymous says that the shopper had not signed in when the session began.
	IsAnonymous bool
	// Generation is how often the session's ticket has been refreshed; 0 for the first ticket.
	Generation int64
	StartedAt  time.Time
	// RefreshedAt is when the ticket of this generation was issued; for generation 0 it is StartedAt.
	RefreshedAt time.Time
	// ExpiresAt is when the refresh token of this generation expires.
	ExpiresAt time.Time
	// PurgeAt is when every token ever issued for the session has expired, rounded up to a whole
	// day so that its index changes once a day and not with every refresh.
	PurgeAt time.Time
	// MovedAt is when the session reached its generation, by the clock of the database. nil for
	// rows that an earlier version has written.
	MovedAt *time.Time
	// AttemptHash is a hash of the attempt that brought the session to its generation; nil when
	// there was none. It is bound to the session and the generation before.
	AttemptHash []byte
	// EndedAt is when the session ended, by the clock of the database; nil while it goes on.
	EndedAt *time.Time
	// EndReason is why the session ended; empty while it goes on.
	EndReason Reason
	// ClaimedBy is the user id of the customer who claimed an anonymous session by signing in.
	ClaimedBy *ID
	// UserAgent is that of the sign-in, at most 255 characters; empty of an anonymous session.
	UserAgent string

	// IsCurrent says that the session is that of whoever asks.
	IsCurrent bool `gorm:"-"`
}
