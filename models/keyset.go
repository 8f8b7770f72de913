package models

import "time"

// Keyset is keys of one purpose, encrypted under the master key.
type Keyset struct {
	// Purpose is what the keys are for.
	Purpose KeyPurpose `gorm:"primaryKey"`
	// Number counts the keysets of a purpose from 1. It is never used again.
	Number int `gorm:"primaryKey;autoIncrement:false"`
	// Sealed is the keyset, encrypted.
	Sealed []byte
	// PublishedAt is when it was made: from then on replicas get to know it.
	PublishedAt time.Time
	// UsedFrom is from when on it takes the place of the one before. Every replica knows it by then.
	UsedFrom time.Time
}

// KeyPurpose is what keys are for.
type KeyPurpose string

// The purposes.
const (
	// SealKeys seal access and refresh tokens.
	SealKeys KeyPurpose = "seal"
	// SignKeys sign what others verify: JWTs and the feed of revoked tickets.
	SignKeys KeyPurpose = "sign"
)
