package models

import "time"

// NameGuesses counts the wrong passwords of one source for one name, whether or not an account has
// the name.
type NameGuesses struct {
	// NameHash is a keyed hash of the name, which changes when the keys do.
	NameHash ID `gorm:"primaryKey"`
	// Source is where the guesses came from: a network address, or the session of a known device.
	Source string `gorm:"primaryKey"`
	// UserID is that of the account that had the name at the last guess; nil when none had.
	UserID *ID
	// InWindow is how many were wrong since WindowSince: they make the source wait.
	InWindow    int
	WindowSince time.Time
	// InARow is how many were wrong without a right one between, up to what one source counts for:
	// they lock the name.
	InARow int
	// HalfDay is the half day of the last guess, counted from 1970. InHalfDay is how many were wrong
	// in it, HalfDayBefore in the one before, and HalfDayBeforeThat in the one before that. Any 24
	// hours lie in three half days.
	HalfDay           int64
	InHalfDay         int
	HalfDayBefore     int
	HalfDayBeforeThat int
	LastAt            time.Time
}

// TableName implements gorm's Tabler.
func (NameGuesses) TableName() string { return "name_guesses" }

// NameLock keeps passwords for a name from being checked, except on known devices.
type NameLock struct {
	NameHash ID `gorm:"primaryKey"`
	// UserID is that of the account that had the name when it was locked; nil when none had.
	UserID      *ID
	LockedUntil time.Time
}
