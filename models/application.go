package models

import "time"

// Application is a storefront or service that asks for tickets. Public ones, which are pages in browsers, say who they are; confidential ones, which are
// servers, prove it with a secret.
type Application struct {
	// ID is a slug of at most 32 characters, which tickets carry.
	ID string `gorm:"primaryKey"`
	// Name is for people.
	Name           string
	IsConfidential bool
	// SecretHash is the SHA-256 of the secret of a confidential application; empty of a public one. The secret is random, so no slower hash is needed.
	SecretHash []byte
	// PreviousSecretHash is that of the secret before, which is good until PreviousSecretUntil; nil when there is none.
	PreviousSecretHash  []byte
	PreviousSecretUntil *time.Time
	// IsDisabled says that nobody gets a ticket for the application, and that those of it are no longer good.
	IsDisabled bool

	// Behaviors are what tickets of customers carry, AnonymousBehaviors those of anonymous shoppers, in the order they were configured in.
	Behaviors          []string `gorm:"serializer:json"`
	AnonymousBehaviors []string `gorm:"serializer:json"`
	// OwnBehaviors are what the application itself may do when it calls with its secret. No ticket carries them.
	OwnBehaviors []string `gorm:"serializer:json"`
	// Origins are those of the pages that may call in its name, each as a browser writes it; * stands for all.
	Origins []string `gorm:"serializer:json"`

	// The lifetimes take the place of the server's; 0 means the server's.
	AccessLifetime           time.Duration
	RefreshLifetime          time.Duration
	AnonymousRefreshLifetime time.Duration
	SessionLifetime          time.Duration

	// SessionsFrom is when the application was last created, disabled or enabled, by the clock of
	// the database. JWTs of sessions that began before are no longer good. Sessions of epoch 0 that
	// began before are over.
	SessionsFrom time.Time
	// Epoch is drawn at random whenever all sessions of the application end. Those of another epoch
	// are over, whatever the clocks say. It is 0 until that has happened once.
	Epoch     uint32
	CreatedAt time.Time
	UpdatedAt time.Time
}
