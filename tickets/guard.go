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

// guard checks passwords and limits guessing. Limits for all servers are counted in the database.
// The others hold within this process.
type guard struct {
	policy Policy
	store  *storage.Store
	hasher *password.Hasher
	clocks *clocks
	log    *slog.Logger

	// lanes are where guesses wait for their turn.
	lanes *lanes
	// bySource counts the wrong passwords of each source, for all names together.
	bySource *counter
}

func newGuard(office *Office) (*guard, error) {
	bySource, err := newCounter(office.Policy.GuessesOfSource, office.Policy.GuessWindow)
	if err != nil {
		return nil, err
	}
	return &guard{
		policy:   office.Policy,
		store:    office.Store,
		hasher:   office.Hasher,
		clocks:   office.clocks,
		log:      office.Log,
		lanes:    newLanes(),
		bySource: bySource,
	}, nil
}

// enter waits for the turn of a guess, at most as long as a hash would wait. The returned function
// ends the turn. The reason of its error is BUSY.
func (g *guard) enter(ctx context.Context, guess passwordGuess) (leave func(), err error) {
	waiting, cancel := context.WithTimeout(ctx, g.hasher.Wait())
	defer cancel()

	leave, err = g.lanes.enter(waiting, guess.name, guess.lane())
	if err != nil && ctx.Err() == nil {
		return nil, busy()
	}
	return leave, err
}

// check checks the password of a guess, unless the guess is refused. It takes the same steps
// whether or not there is an account. It returns an error unless the password is right.
func (g *guard) check(ctx context.Context, guess passwordGuess, facts *storage.SignInFacts) (password.Result, error) {
	if err := g.refusal(guess, facts); err != nil {
		return password.Result{}, err
	}

	source, ofAllNames := guess.countedSource(facts), 0
	// The hasher calls this when the guess's turn has come. So guesses that wait reserve nothing.
	reserve := func() (err error) {
		var wait time.Duration
		if ofAllNames, wait = g.bySource.reserve(source, guess.at); wait > 0 {
			err = tooMany(wait)
		}
		return err
	}

	result, err := g.hasher.CheckIf(ctx, reserve, facts.PasswordHash, guess.password)
	switch {
	case errors.Is(err, password.ErrBusy):
		return result, busy()
	case errors.Is(err, password.ErrUnknownFormat) || errors.Is(err, password.ErrTooCostly):
		g.log.ErrorContext(ctx, "stored password hash cannot be checked", "user", facts.UserID, "error", err)
	case err != nil:
		return result, err
	case result.Matches:
		g.bySource.release(source)
		return result, nil
	}
	return result, g.countWrong(ctx, guess, facts, ofAllNames)
}

// refusal returns the error for a guess that must not be checked now; nil for all others. The
// answer is the same for right and wrong passwords, and for names with and without an account.
func (g *guard) refusal(guess passwordGuess, facts *storage.SignInFacts) error {
	if facts.InWindow != nil {
		if wait := g.policy.waits(*facts.InWindow, *facts.WindowSince, guess.at); wait > 0 {
			return tooMany(wait)
		}
	}

	halfDayEnd := storage.HalfDayEnd(guess.at) // the count of a day cannot change earlier
	switch {
	case facts.InDay >= g.policy.GuessesPerSourceAndDay:
		return tooMany(halfDayEnd.Sub(guess.at))
	case facts.DeviceKnown: // what strangers did does not matter here
		return nil
	case isLocked(facts, guess.at):
		return lockedUntil(*facts.GuessedUntil, guess.at)
	case facts.StrangersInDay >= g.policy.guessesPerNameAndDay():
		return lockedUntil(halfDayEnd, guess.at)
	}
	return nil
}

// isLocked reports whether a name is locked because of wrong passwords. A lock without an end lasts
// until an operator unlocks the account. If the name had no account when it was locked, such a lock
// ends when the name gets one.
func isLocked(facts *storage.SignInFacts, now time.Time) bool {
	if facts.GuessedUntil == nil || !now.Before(*facts.GuessedUntil) {
		return false
	}
	hasEnd := facts.GuessedUntil.Before(accounts.Forever())
	return hasEnd || facts.LockedFor != nil || !facts.Exists()
}

// lockedUntil returns the error for a lock because of wrong passwords. If only an operator ends the
// lock, there is nothing to wait for.
func lockedUntil(until, now time.Time) error {
	if !until.Before(accounts.Forever()) {
		return &models.Error{Reason: models.ReasonAccountLocked}
	}
	return &models.Error{Reason: models.ReasonAccountLocked, RetryAfter: until.Sub(now)}
}

func tooMany(wait time.Duration) error {
	return &models.Error{Reason: models.ReasonTooManyAttempts, RetryAfter: wait}
}

const (
	// countingTime is how long counting a wrong password may take.
	countingTime = 10 * time.Second
	// forgetAfter is how long a source must send no wrong password until its earlier ones in a row
	// are forgotten.
	forgetAfter = 24 * time.Hour
)

// countWrong counts a wrong password, even if the client has gone, and returns the error for the
// client. If counting fails, the reason is BUSY, so that the client learns nothing. ofAllNames is
// how many the source has sent for all names.
func (g *guard) countWrong(
	ctx context.Context, guess passwordGuess, facts *storage.SignInFacts, ofAllNames int,
) error {
	counting, cancel := context.WithTimeout(context.WithoutCancel(ctx), countingTime)
	defer cancel()

	wrong := storage.Guess{
		NameHash:     guess.nameHash,
		Source:       guess.countedSource(facts),
		DevicePrefix: devicePrefix,
		At:           guess.at,
		WindowStart:  guess.at.Add(-g.policy.GuessWindow),
		ForgetBefore: guess.at.Add(-forgetAfter),
		MostInARow:   g.policy.GuessesPerSource,
		LockAt:       g.policy.GuessesPerAccount,
		LockUntil:    g.policy.lockUntil(guess.at, accounts.Forever()),
	}
	if facts.Exists() {
		wrong.UserID = &facts.UserID
	}

	counts, err := g.store.CountGuess(counting, wrong)
	if err != nil {
		return fmt.Errorf("%w: %w", busy(), err)
	}
	g.logLimits(ctx, wrong, counts, ofAllNames)
	return &models.Error{Reason: models.ReasonInvalidCredentials}
}

// logLimits logs what an operator should know about guessing: that a source must wait, or that a
// name is locked. That a password was wrong is in the record of acts.
//
// Only the guess that reaches a limit logs it, because later ones are not checked. No name is
// logged: it may be a password that somebody typed in the wrong field.
func (g *guard) logLimits(ctx context.Context, wrong storage.Guess, counts storage.GuessCounts, ofAllNames int) {
	attributes := []any{"source", wrong.Source}
	if wrong.UserID != nil {
		attributes = append(attributes, "user", *wrong.UserID)
	}
	log := g.log.With(attributes...)

	window := waitAttribute(g.policy.GuessWindow)
	halfDay := waitAttribute(storage.HalfDayEnd(wrong.At).Sub(wrong.At))
	if counts.InWindow >= g.policy.GuessesPerSource {
		log.WarnContext(ctx, "source must wait after wrong passwords", window)
	}
	if counts.InDay >= g.policy.GuessesPerSourceAndDay {
		log.WarnContext(ctx, "source must wait after wrong passwords of a day", halfDay)
	}
	if ofAllNames >= g.policy.GuessesOfSource {
		log.WarnContext(ctx, "source must wait after wrong passwords for many names", window)
	}

	if counts.Locked {
		log.WarnContext(ctx, "name locked after wrong passwords", waitAttribute(g.policy.Lockout))
	}
	isStranger := !strings.HasPrefix(wrong.Source, devicePrefix)
	if isStranger && counts.StrangersInDay >= g.policy.guessesPerNameAndDay() {
		log.WarnContext(ctx, "name locked after wrong passwords of a day", halfDay)
	}
}

// waitAttribute says how long a source must wait, or how long a name is locked. 0 means that only
// an operator ends the lock.
func waitAttribute(wait time.Duration) slog.Attr {
	if wait == 0 {
		return slog.String("for", "until an operator unlocks it")
	}
	return slog.Duration("for", wait)
}

// reset forgets the wrong passwords for a name after a right one. The shopper has signed in
// already, so a failure is only logged.
func (g *guard) reset(ctx context.Context, guess passwordGuess, facts *storage.SignInFacts) {
	if facts.InWindow == nil && facts.StrangersInDay == 0 && facts.GuessedUntil == nil {
		return
	}
	if err := g.store.ResetGuesses(ctx, guess.nameHash, facts.UserID, guess.at); err != nil {
		g.log.ErrorContext(ctx, "wrong passwords not reset", "user", facts.UserID, "error", err)
	}
}

// delay makes a refused sign-in take a whole number of steps of Policy.RefusalStep. So the time of
// the answer does not show how long the check took, which depends on the hash. Nor does it show
// whether there was an account to read. If err is not a refusal, it returns at once. Guesses in
// lanes do not wait for it.
func (g *guard) delay(ctx context.Context, began time.Duration, err error) {
	step := g.policy.RefusalStep
	if step == 0 || !isRefusal(err) {
		return
	}
	select {
	case <-time.After(step - (g.clocks.elapsed()-began)%step):
	case <-ctx.Done(): // the answer cannot be later than that
	}
}

// isRefusal reports whether a password was wrong, or was not checked because of earlier guesses.
func isRefusal(err error) bool {
	for _, reason := range []models.Reason{
		models.ReasonInvalidCredentials, models.ReasonTooManyAttempts, models.ReasonAccountLocked,
	} {
		if errors.Is(err, &models.Error{Reason: reason}) {
			return true
		}
	}
	return false
}
