package models

import "time"

// NameGuesses counts the wrong passwords of one source for one name, whether or not an account has
// the name.
type NameGuesses struct {
	// NameHash is a keyed hash of the name. It changes when the keys do.
	NameHash ID `gorm:"primaryKey"`
	// Source is where the guesses came from: a network address, or the session of a known device.
	Source string `gorm:"primaryKey"`
	// UserID is the user id of the account that had the name at the last guess, or nil.
	UserID *ID
	// InWindow counts wrong guesses since WindowSince. Too many make the source wait.
	InWindow    int
	WindowSince time.Time
	// InARow counts wrong guesses since the last correct one, up to the most that one source may
	// contribute. Too many from all sources together lock the name.
	InARow int
	// HalfDay is the half day of the last guess, counted from 1970. InHalfDay counts its wrong
	// guesses. The next two fields count those of the two half days before it. Any 24 hours lie
	// within three half days.
	HalfDay           int64
	InHalfDay         int
	HalfDayBefore     int
	HalfDayBeforeThat int
	LastAt            time.Time
}

// TableName implements gorm's Tabler.
func (NameGuesses) TableName() string { return "name_guesses" }

// NameLock is the lock of a name. While it lasts, passwords for the name are checked only on known
// devices.
type NameLock struct {
	NameHash ID `gorm:"primaryKey"`
	// UserID is the user id of the account that had the name when it was locked, or nil.
	UserID      *ID
	LockedUntil time.Time
}
