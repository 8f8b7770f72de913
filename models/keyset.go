package models

import "time"

// Keyset is a set of keys for one purpose, encrypted under the master key.
type Keyset struct {
	// Purpose is what the keys are for.
	Purpose KeyPurpose `gorm:"primaryKey"`
	// Number counts the keysets of a purpose from 1. No number is used twice.
	Number int `gorm:"primaryKey;autoIncrement:false"`
	// Sealed is the encrypted keyset.
	Sealed []byte
	// PublishedAt is when it was created. From then on, replicas can load it.
	PublishedAt time.Time
	// UsedFrom is when it replaces the previous keyset. By then every replica has loaded it.
	UsedFrom time.Time
}

// KeyPurpose is what keys are for.
type KeyPurpose string

// The purposes.
const (
	// SealKeys seal access and refresh tokens.
	SealKeys KeyPurpose = "seal"
	// SignKeys sign what other programs verify: JWTs and the feed of revoked tickets.
	SignKeys KeyPurpose = "sign"
)
