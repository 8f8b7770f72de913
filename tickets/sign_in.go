package tickets

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/authtickets/authtickets/accounts"
	"github.com/authtickets/authtickets/models"
	"github.com/authtickets/authtickets/password"
	"github.com/authtickets/authtickets/seal"
	"github.com/authtickets/authtickets/secret"
	"github.com/authtickets/authtickets/storage"
)

// Credentials are what a customer signs in with. The schema's CustomerUserAuthInfoInput is bound to it, and describes its fields.
type Credentials struct {
	Username             string
	Password             secret.Text
	PreviousRefreshToken *secret.Text
	DeviceToken          *secret.Text
}

// signIn is one sign-in on its way.
type signIn struct {
	name        string
	password    secret.Text
	application *models.Application
	// source is where the password comes from, as Source tells it, and userAgent which program the customer uses.
	source, userAgent string
	// toClaim is what the anonymous ticket that the client held before says; nil when there is
	// nothing to claim, and then claim says why.
	toClaim *seal.Contents
	claim   claim
	// device is that of the client.
	device    device
	selection Selection
	now       time.Time
}

// SignIn checks a customer's password and issues a ticket. The reasons of its errors are those of the schema's createUserTicket, and those of every operation.
func (o *Office) SignIn(ctx context.Context, caller *Caller, credentials Credentials, selection Selection) (*Ticket, error) {
	now := o.now()
	application, err := o.identify(caller, now)
	if err != nil {
		return nil, err
	}
	name, err := accounts.NormalName(credentials.Username)
	if err != nil {
		return nil, err
	}
	if password.Acceptable(credentials.Password) != nil {
		return nil, &models.Error{Reason: models.ReasonPasswordInvalid}
	}
	if !o.Keys.Loaded() { // or the session would be written, and its ticket could not be
		return nil, busy()
	}
	attempt := &signIn{
		name: name, password: credentials.Password, application: application, source: caller.source(application), userAgent: caller.userAgent(application),
		selection: selection, now: now,
	}
	attempt.toClaim, attempt.claim.outcome, err = o.toClaim(ctx, application, credentials.PreviousRefreshToken, now)
	if err != nil {
		return nil, err
	}
	if attempt.device, err = o.deviceOf(application, credentials.DeviceToken, now); err != nil {
		return nil, err
	}

	end, err := o.enterLane(ctx, attempt)
	if err != nil {
		return nil, err
	}
	defer end()
	o.signingIn.Add(1)
	defer o.signingIn.Add(-1)
	return o.signInAtStep(ctx, attempt)
}

// enterLane waits for the turn of a sign-in, no longer than for a hash. The reason of its error is
// BUSY.
func (o *Office) enterLane(ctx context.Context, attempt *signIn) (leave func(), err error) {
	waiting, cancel := context.WithTimeout(ctx, o.Hasher.Wait())
	defer cancel()
	leave, err = o.guesses.begin(waiting, attempt.name, attempt.lane())
	if err != nil && ctx.Err() == nil {
		return nil, busy()
	}
	return leave, err
}

// lane is where a sign-in waits for its turn. A device does not wait for strangers at its address.
func (a *signIn) lane() string {
	if a.device != (device{}) {
		return a.device.guessSource()
	}
	return a.source
}

// signInAtStep signs in, and answers a wrong password at the next of some fixed instants. The time
// of the answer does not tell how long the check took, which differs with the hash.
func (o *Office) signInAtStep(ctx context.Context, attempt *signIn) (*Ticket, error) {
	began := o.Elapsed()
	ticket, err := o.signIn(ctx, attempt)
	if errors.Is(err, storage.ErrAccountChanged) { // most often by a sign-in at the same time that renewed the hash
		ticket, err = o.signIn(ctx, attempt)
	}
	if errors.Is(err, storage.ErrAccountChanged) {
		return nil, busy()
	}
	step := o.Policy.RefusalStep
	if step == 0 || !errors.Is(err, &models.Error{Reason: models.ReasonInvalidCredentials}) {
		return ticket, err
	}

	select {
	case <-time.After(step - (o.Elapsed()-began)%step):
	case <-ctx.Done(): // the answer is as late as it can be
	}
	return nil, err
}

func busy() error { return &models.Error{Reason: models.ReasonBusy, RetryAfter: time.Second} }

func (o *Office) signIn(ctx context.Context, attempt *signIn) (*Ticket, error) {
	signer, err := o.signer(ctx, attempt)
	if err != nil {
		return nil, err
	}
	if err := o.mayGuess(attempt, signer); err != nil {
		return nil, err
	}
	result, err := o.checkPassword(ctx, attempt, signer)
	if err != nil {
		return nil, err
	}
	// Whether the account may be used is told to the right password only.
	switch {
	case !signer.IsActive:
		return nil, &models.Error{Reason: models.ReasonAccountInactive}
	case signer.LockedByOperator:
		return nil, &models.Error{Reason: models.ReasonAccountLocked}
	}
	ticket, err := o.openSession(ctx, attempt, signer)
	if err != nil {
		return nil, err
	}
	o.settle(ctx, attempt, signer, result)
	if attempt.selection.Account == nil {
		return ticket, nil
	}
	ticket.CustomerAccount = &signer.CustomerAccount
	return ticket, o.Accounts.Complete(ctx, ticket.CustomerAccount, attempt.selection.Account, attempt.now)
}

// signer looks up who signs in, if anybody has the name.
func (o *Office) signer(ctx context.Context, attempt *signIn) (*storage.Signer, error) {
	unknown, err := o.Keys.Fingerprint(attempt.name, attempt.now)
	if err != nil {
		return nil, busyUntilLoaded(err)
	}
	return o.Accounts.Signer(ctx, storage.SignerQuery{
		Name: attempt.name, Unknown: unknown, Source: attempt.source,
		DeviceSource: attempt.device.guessSource(), DevicePrefix: devicePrefix, DayStart: attempt.now.Add(-guessDay),
		DeviceUserID: attempt.device.userID, DeviceSession: attempt.device.session, Distrust: distrusted(),
	}, attempt.selection.Account)
}

// guessSource is where wrong passwords are counted.
func (a *signIn) guessSource(signer *storage.Signer) string {
	if signer.DeviceKnown {
		return a.device.guessSource()
	}
	return a.source
}

// guessDay is how long a wrong password counts towards what may be checked in a day.
const guessDay = 24 * time.Hour

// mayGuess returns why no password is checked at the moment; nil when one is. The answer is the
// same for right and wrong passwords, and for known and unknown names.
func (o *Office) mayGuess(attempt *signIn, signer *storage.Signer) error {
	if signer.Failures != nil {
		if wait := o.Policy.waits(*signer.Failures, *signer.Since, attempt.now); wait > 0 {
			return tooMany(wait)
		}
		until := signer.TodaySince.Add(guessDay)
		if *signer.Today >= o.Policy.GuessesPerSourceAndDay && attempt.now.Before(until) {
			return tooMany(until.Sub(attempt.now))
		}
	}
	if signer.DeviceKnown { // what strangers have done does not hold here
		return nil
	}
	if signer.GuessedUntil != nil && attempt.now.Before(*signer.GuessedUntil) {
		return lockedUntil(*signer.GuessedUntil, attempt.now)
	}
	if signer.TodayOfAll >= o.Policy.GuessesPerDay {
		return lockedUntil(attempt.now.Add(o.Policy.GuessWindow), attempt.now)
	}
	return nil
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
	source := attempt.guessSource(signer)
	if wait := o.guesses.ofSource.reserve(source, attempt.now); wait > 0 {
		return password.Result{}, tooMany(wait)
	}
	result, err := o.compare(ctx, attempt, signer)
	if err != nil || result.Matches {
		o.guesses.ofSource.release(source)
		return result, err
	}
	return result, o.refuse(ctx, attempt, signer, source)
}

// compare compares the password with the hash of the account, or with one of today's cost.
func (o *Office) compare(ctx context.Context, attempt *signIn, signer *storage.Signer) (password.Result, error) {
	var result password.Result
	var err error
	if signer.PasswordHash.Reveal() == "" {
		err = o.Hasher.CheckUnknown(ctx, attempt.password)
	} else {
		result, err = o.Hasher.Check(ctx, signer.PasswordHash, attempt.password)
	}
	switch {
	case errors.Is(err, password.ErrBusy):
		return result, busy()
	case errors.Is(err, password.ErrUnknownFormat) || errors.Is(err, password.ErrTooCostly):
		o.Log.ErrorContext(ctx, "stored password hash cannot be checked", "user", signer.UserID, "error", err)
		return password.Result{}, nil
	}
	return result, err
}

// countingTime bounds the time to count a wrong password.
const countingTime = 10 * time.Second

// refuse counts a wrong password, whether or not the client is still there, and returns what the
// client is told. A guess that could not be counted tells nothing: the reason is BUSY.
func (o *Office) refuse(ctx context.Context, attempt *signIn, signer *storage.Signer, source string) error {
	counting, cancel := context.WithTimeout(context.WithoutCancel(ctx), countingTime)
	defer cancel()
	counted, err := o.Store.CountGuess(counting, storage.Guess{
		Subject: signer.Subject, Source: source, At: attempt.now,
		WindowStart: attempt.now.Add(-o.Policy.GuessWindow), DayStart: attempt.now.Add(-guessDay),
		MostInARow: o.Policy.GuessesPerSource, LockAt: o.Policy.GuessesPerAccount,
		LockUntil: o.Policy.lockUntil(attempt.now, accounts.Forever()),
	})
	if err != nil {
		return fmt.Errorf("%w: %w", busy(), err)
	}
	o.logGuess(ctx, signer, source, counted)
	return &models.Error{Reason: models.ReasonInvalidCredentials}
}

// logGuess logs a wrong password, and what an operator should see of guessing: that a source must
// wait, once for each window, and that an account is locked. No name is logged: who types a
// password in the wrong field has written it there.
func (o *Office) logGuess(ctx context.Context, signer *storage.Signer, source string, counted storage.Counted) {
	attributes := []any{"source", source}
	if signer.Exists() {
		attributes = append(attributes, "user", signer.UserID)
	}
	if signer.Exists() {
		o.Log.InfoContext(ctx, "sign-in refused: wrong password", attributes...)
	} else {
		o.Log.InfoContext(ctx, "sign-in refused: unknown name", attributes...)
	}
	if counted.Failures == o.Policy.GuessesPerSource {
		o.Log.WarnContext(ctx, "source must wait after wrong passwords",
			append(attributes, "for", o.Policy.GuessWindow)...)
	}
	if counted.Locked {
		o.Log.WarnContext(ctx, "account locked after wrong passwords", append(attributes, "for", o.Policy.Lockout)...)
	}
}

// openSession writes the session's row and returns its first ticket.
func (o *Office) openSession(ctx context.Context, attempt *signIn, signer *storage.Signer) (*Ticket, error) {
	session, err := o.begin(attempt.application, signer.UserID, false, attempt.now)
	if err != nil {
		return nil, err
	}
	session.UserAgent = attempt.userAgent
	write := storage.SignIn{
		Session: *session, AccountID: *signer.ID, PasswordHash: signer.PasswordHash, KnownDevice: signer.DeviceKnown,
		Claim: claimOf(attempt.toClaim, signer.UserID),
	}
	if signer.DeviceKnown {
		write.Replaces = attempt.device.session
	}
	// Those who sign in at the same moment, here or on other servers, have not seen each other's
	// sessions.
	most := o.Policy.SessionsPerCustomer
	if 2*signer.Sessions >= most || signer.Sessions+int(o.signingIn.Load()) > most {
		write.Keep = most
	}

	if err := o.writeSession(ctx, attempt, write); err != nil {
		return nil, err
	}
	return o.ticket(attempt.application, session, attempt.selection, attempt.claim)
}

// writeSession writes what signing in writes, and notes what became of the claim.
func (o *Office) writeSession(ctx context.Context, attempt *signIn, write storage.SignIn) error {
	if write.Claim == nil {
		_, err := o.Store.SignIn(ctx, write)
		return err
	}

	try := func(bool) (bool, error) {
		session, err := o.Store.SignIn(ctx, write)
		switch {
		case errors.Is(err, storage.ErrNotCaughtUp):
			return false, nil
		case err != nil:
			return true, err
		}
		attempt.claim = claimed(session, write.Session.UserID)
		return true, nil
	}
	return o.untilCaughtUp(ctx, *attempt.toClaim, attempt.now, try, func() error {
		attempt.claim, write.Claim = claim{outcome: ClaimTokenInvalid}, nil
		_, err := o.Store.SignIn(ctx, write)
		return err
	})
}

// settle does what a right password leaves to do: it resets the count of wrong ones and renews an outdated hash. The shopper is signed
// in already, so what fails here is logged and done at the next sign-in.
func (o *Office) settle(ctx context.Context, attempt *signIn, signer *storage.Signer, result password.Result) {
	if signer.Failures != nil || signer.TodayOfAll > 0 {
		if err := o.Store.ResetGuesses(ctx, signer.Subject); err != nil {
			o.Log.ErrorContext(ctx, "wrong passwords not reset", "user", signer.UserID, "error", err)
		}
	}
	if !result.Outdated {
		return
	}
	renewed, err := o.Hasher.Hash(ctx, attempt.password)
	if err == nil {
		err = o.Store.RenewHash(ctx, *signer.ID, signer.PasswordHash, renewed, attempt.now)
	}
	if err != nil {
		o.Log.WarnContext(ctx, "password hash not renewed", "user", signer.UserID, "error", err)
		return
	}
	signer.HasExternalPassword = false
}
