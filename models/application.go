package models

import "time"

// Application is a storefront or service that requests tickets. A public application is a page in a
// browser, and only sends its id. A confidential application is a server, and also sends a secret.
type Application struct {
	// ID is a slug of at most 32 characters. Tickets carry it.
	ID string `gorm:"primaryKey"`
	// ClientID is a second id, by which clients of Kibo's APIs name the application, for example
	// SHOP.APP.1.0.0.Release; nil if there is none.
	ClientID *string
	// Name is for people.
	Name           string
	IsConfidential bool
	// SecretHash is the SHA-256 of a confidential application's secret. It is empty for a public
	// application. The secret is random, so no slower hash is needed.
	SecretHash []byte
	// PreviousSecretHash is the hash of the previous secret, which is valid until
	// PreviousSecretUntil. Both are nil if there is no previous secret.
	PreviousSecretHash  []byte
	PreviousSecretUntil *time.Time
	// IsDisabled is true if the application gets no tickets. Its earlier tickets are no longer
	// valid.
	IsDisabled bool

	// Behaviors are in the tickets of customers, AnonymousBehaviors in the tickets of anonymous
	// shoppers. Both keep the configured order.
	Behaviors          []string `gorm:"serializer:json"`
	AnonymousBehaviors []string `gorm:"serializer:json"`
	// OwnBehaviors are what the application itself may do when it calls with its secret. No ticket
	// contains them.
	OwnBehaviors []string `gorm:"serializer:json"`
	// Origins are the origins of pages that may call as this application, as browsers write them.
	// "*" stands for all.
	Origins []string `gorm:"serializer:json"`

	// BehaviorNumbers are the numbers that behaviors have in the JWTs of clients of Kibo's APIs.
	BehaviorNumbers map[string]int `gorm:"serializer:json"`

	// The lifetimes override the server's settings. 0 means the server's setting.
	AccessLifetime           time.Duration
	RefreshLifetime          time.Duration
	AnonymousRefreshLifetime time.Duration
	SessionLifetime          time.Duration

	// SessionsFrom is when the application was last created, disabled or enabled, by the clock of
	// the database, or up to timing.ClockLeeway earlier. If a session began before it, its JWTs are
	// no longer valid. If the epoch is 0, such a session is over.
	SessionsFrom time.Time
	// Epoch is a random number that changes when all sessions of the application end. Sessions with
	// another epoch are over, no matter what the clocks show. An application from before epochs
	// existed has 0 until its sessions end.
	Epoch     uint32
	CreatedAt time.Time
	UpdatedAt time.Time
}
