package tickets

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"github.com/authtickets/authtickets/accounts"
	"github.com/authtickets/authtickets/models"
	"github.com/authtickets/authtickets/password"
	"github.com/authtickets/authtickets/storage"
)

// guessSource is where wrong passwords are counted.
func (a *signIn) guessSource(signer *storage.Signer) string {
	if signer.DeviceKnown {
		return a.device.guessSource()
	}
	return a.source
}

// forgetAfter is after how long without a wrong password from a source those that it has sent in a
// row are forgotten.
const forgetAfter = 24 * time.Hour

// mayGuess returns why no password is checked at the moment; nil when one is. The answer is the
// same for right and wrong passwords, and for known and unknown names.
func (o *Office) mayGuess(attempt *signIn, signer *storage.Signer) error {
	if signer.InWindow != nil {
		if wait := o.Policy.waits(*signer.InWindow, *signer.WindowSince, attempt.now); wait > 0 {
			return tooMany(wait)
		}
	}
	// The earliest that the count of a day can change.
	halfDayEnd := storage.HalfDayEnd(attempt.now)
	if signer.InDay >= o.Policy.GuessesPerSourceAndDay {
		return tooMany(halfDayEnd.Sub(attempt.now))
	}
	if signer.DeviceKnown { // what strangers have done does not hold here
		return nil
	}
	if o.isLocked(attempt, signer) {
		return lockedUntil(*signer.GuessedUntil, attempt.now)
	}
	if signer.StrangersInDay >= o.Policy.guessesPerNameAndDay() {
		return lockedUntil(halfDayEnd, attempt.now)
	}
	return nil
}

// isLocked reports whether the name of a sign-in is locked. A lock without an end is an operator's
// to end, by the account. So it holds no longer where the name has become an account's since.
func (o *Office) isLocked(attempt *signIn, signer *storage.Signer) bool {
	if signer.GuessedUntil == nil || !attempt.now.Before(*signer.GuessedUntil) {
		return false
	}
	hasEnd := signer.GuessedUntil.Before(accounts.Forever())
	return hasEnd || signer.LockedFor != nil || !signer.Exists()
}

// lockedUntil tells of a lock by wrong guesses. There is nothing to wait for where only an operator
// ends it.
func lockedUntil(until, now time.Time) error {
	if !until.Before(accounts.Forever()) {
		return &models.Error{Reason: models.ReasonAccountLocked}
	}
	return &models.Error{Reason: models.ReasonAccountLocked, RetryAfter: until.Sub(now)}
}

// checkPassword checks the password, with the same steps whether or not there is an account. It
// returns an error unless the password is right.
func (o *Office) checkPassword(ctx context.Context, attempt *signIn, signer *storage.Signer) (password.Result, error) {
	source, ofAllNames := attempt.guessSource(signer), 0
	// A place is reserved when the turn has come: so many sign-ins that wait take none.
	reserve := func() (err error) {
		var wait time.Duration
		if ofAllNames, wait = o.guesses.ofSource.reserve(source, attempt.now); wait > 0 {
			err = tooMany(wait)
		}
		return err
	}
	result, err := o.Hasher.CheckIf(ctx, reserve, signer.PasswordHash, attempt.password)
	switch {
	case errors.Is(err, password.ErrBusy):
		return result, busy()
	case errors.Is(err, password.ErrUnknownFormat) || errors.Is(err, password.ErrTooCostly):
		o.Log.ErrorContext(ctx, "stored password hash cannot be checked", "user", signer.UserID, "error", err)
	case err != nil:
		return result, err
	case result.Matches:
		o.guesses.ofSource.release(source)
		return result, nil
	}
	return result, o.refuse(ctx, attempt, signer, source, ofAllNames)
}

// countingTime bounds the time to count a wrong password.
const countingTime = 10 * time.Second

// refuse counts a wrong password, whether or not the client is still there, and returns what the
// client is told. A guess that could not be counted tells nothing: the reason is BUSY. ofAllNames
// is how many the source has sent for all names.
func (o *Office) refuse(
	ctx context.Context, attempt *signIn, signer *storage.Signer, source string, ofAllNames int,
) error {
	counting, cancel := context.WithTimeout(context.WithoutCancel(ctx), countingTime)
	defer cancel()
	guess := storage.Guess{
		NameHash: attempt.nameHash, Source: source, DevicePrefix: devicePrefix, At: attempt.now,
		WindowStart: attempt.now.Add(-o.Policy.GuessWindow), ForgetBefore: attempt.now.Add(-forgetAfter),
		MostInARow: o.Policy.GuessesPerSource, LockAt: o.Policy.GuessesPerAccount,
		LockUntil: o.Policy.lockUntil(attempt.now, accounts.Forever()),
	}
	if signer.Exists() {
		guess.UserID = &signer.UserID
	}
	counts, err := o.Store.CountGuess(counting, guess)
	if err != nil {
		return fmt.Errorf("%w: %w", busy(), err)
	}
	o.logGuess(ctx, guess, counts, ofAllNames)
	return &models.Error{Reason: models.ReasonInvalidCredentials}
}

// logGuess logs what an operator should see of guessing: that a source must wait, or that a name is
// locked. The wrong password itself is in the record of acts. Each is logged by the guess that reaches the limit, because those
// after it are not checked. No name is logged: who types a password in the wrong field has written
// it there.
func (o *Office) logGuess(ctx context.Context, guess storage.Guess, counts storage.GuessCounts, ofAllNames int) {
	attributes := []any{"source", guess.Source}
	if guess.UserID != nil {
		attributes = append(attributes, "user", *guess.UserID)
	}
	log := o.Log.With(attributes...)
	window, halfDay := waitAttribute(o.Policy.GuessWindow), waitAttribute(storage.HalfDayEnd(guess.At).Sub(guess.At))
	if counts.InWindow >= o.Policy.GuessesPerSource {
		log.WarnContext(ctx, "source must wait after wrong passwords", window)
	}
	if counts.InDay >= o.Policy.GuessesPerSourceAndDay {
		log.WarnContext(ctx, "source must wait after wrong passwords of a day", halfDay)
	}
	if ofAllNames >= o.Policy.GuessesOfSource {
		log.WarnContext(ctx, "source must wait after wrong passwords for many names", window)
	}
	if counts.Locked {
		log.WarnContext(ctx, "name locked after wrong passwords", waitAttribute(o.Policy.Lockout))
	}
	isStranger := !strings.HasPrefix(guess.Source, devicePrefix)
	if isStranger && counts.StrangersInDay >= o.Policy.guessesPerNameAndDay() {
		log.WarnContext(ctx, "name locked after wrong passwords of a day", halfDay)
	}
}

// waitAttribute says for how long a source must wait, or a name is locked. A lockout of 0 has no
// end.
func waitAttribute(wait time.Duration) slog.Attr {
	if wait == 0 {
		return slog.String("for", "until an operator unlocks it")
	}
	return slog.Duration("for", wait)
}
