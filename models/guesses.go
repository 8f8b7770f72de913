package models

import "time"

// Guesses counts the wrong passwords of one source for one subject.
type Guesses struct {
	// Subject is what was guessed at: the user id of an account, or a keyed hash of a name that no
	// account has.
	Subject ID `gorm:"primaryKey"`
	// Source is where the guesses came from: a network address, or the session of a known device.
	Source string `gorm:"primaryKey"`
	// Failures is how many were wrong since Since, when a window began: they make the source wait.
	Failures int
	Since    time.Time
	// InARow is how many were wrong without a right one between, up to what one source counts for:
	// they lock the subject.
	InARow int
	// Today is how many were checked and wrong since TodaySince, when a day began.
	Today      int
	TodaySince time.Time
	LastAt     time.Time
}

// TableName implements gorm's Tabler.
func (Guesses) TableName() string { return "guesses" }

// GuessLock keeps passwords for a subject from being checked, but on known devices.
type GuessLock struct {
	Subject     ID `gorm:"primaryKey"`
	LockedUntil time.Time
}
