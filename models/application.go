package models

import "time"

// Application is a storefront or service that requests tickets. A public application is a page in a
// browser and only names itself. A confidential application is a server and proves with a secret
// which one it is.
type Application struct {
	// ID is a slug of at most 32 characters. Tickets carry it.
	ID string `gorm:"primaryKey"`
	// Name is for people.
	Name           string
	IsConfidential bool
	// SecretHash is the SHA-256 of the secret of a confidential application, and empty for a public
	// one. The secret is random, so no slower hash is needed.
	SecretHash []byte
	// PreviousSecretHash is the hash of the secret before. That secret is valid until
	// PreviousSecretUntil. Both are nil if there is none.
	PreviousSecretHash  []byte
	PreviousSecretUntil *time.Time
	// IsDisabled is true if the application gets no tickets. Its earlier tickets are no longer
	// valid.
	IsDisabled bool

	// Behaviors are in the tickets of customers, AnonymousBehaviors in those of anonymous shoppers.
	// They are in the configured order.
	Behaviors          []string `gorm:"serializer:json"`
	AnonymousBehaviors []string `gorm:"serializer:json"`
	// OwnBehaviors are what the application itself may do when it calls with its secret. They are
	// in no ticket.
	OwnBehaviors []string `gorm:"serializer:json"`
	// Origins are the origins of pages that may call as this application, as browsers write them.
	// "*" stands for all.
	Origins []string `gorm:"serializer:json"`

	// The lifetimes override those of the server. 0 means the server's.
	AccessLifetime           time.Duration
	RefreshLifetime          time.Duration
	AnonymousRefreshLifetime time.Duration
	SessionLifetime          time.Duration

	// SessionsFrom is when the application was last created, disabled or enabled, by the clock of
	// the database. If a session began before, its JWTs are no longer valid, and if its epoch is 0,
	// it is over.
	SessionsFrom time.Time
	// Epoch is a new random number each time all sessions of the application end, and 0 before the
	// first time. Sessions with another epoch are over, no matter what the clocks show.
	Epoch     uint32
	CreatedAt time.Time
	UpdatedAt time.Time
}
