package tickets

import (
	"context"
	"errors"
	"time"

	"github.com/authtickets/authtickets/accounts"
	"github.com/authtickets/authtickets/models"
	"github.com/authtickets/authtickets/password"
	"github.com/authtickets/authtickets/safely"
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
	// toClaim is what the anonymous ticket that the client held before says; nil when there is nothing
	// to claim, and then claim says why.
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
	attempt.toClaim, attempt.claim.outcome, err = o.toClaim(application, credentials.PreviousRefreshToken, now)
	if err != nil {
		return nil, err
	}
	if attempt.device, err = o.deviceOf(application, credentials.DeviceToken, now); err != nil {
		return nil, err
	}

	o.signingIn.Add(1)
	defer o.signingIn.Add(-1)
	ticket, err := o.signIn(ctx, attempt)
	if errors.Is(err, storage.ErrAccountChanged) { // most often by a sign-in at the same time that renewed the hash
		ticket, err = o.signIn(ctx, attempt)
	}
	if errors.Is(err, storage.ErrAccountChanged) {
		return nil, busy()
	}
	return ticket, err
}

func busy() error { return &models.Error{Reason: models.ReasonBusy, RetryAfter: time.Second} }

func (o *Office) signIn(ctx context.Context, attempt *signIn) (*Ticket, error) {
	signer, err := o.signer(ctx, attempt)
	if err != nil {
		return nil, err
	}
	result, err := o.checkPassword(ctx, attempt, signer)
	if err != nil {
		return nil, err
	}
	// Whether the account may be used is told to the right password only.
	if !signer.IsActive {
		return nil, &models.Error{Reason: models.ReasonAccountInactive}
	}
	if locked, wait := accounts.LockedFor(&signer.CustomerAccount, signer.DeviceKnown, attempt.now); locked {
		return nil, &models.Error{Reason: models.ReasonAccountLocked, RetryAfter: wait}
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

// signer looks up who signs in. It returns nil when nobody has the name.
func (o *Office) signer(ctx context.Context, attempt *signIn) (*storage.Signer, error) {
	query := storage.SignerQuery{
		Name: attempt.name, Source: attempt.source, DeviceSource: attempt.device.guessSource(),
		DeviceUserID: attempt.device.userID, DeviceSession: attempt.device.session, Distrust: distrusted(),
	}
	signer, err := o.Accounts.Signer(ctx, query, attempt.selection.Account)
	if errors.Is(err, accounts.ErrNotFound) {
		return nil, nil //nolint:nilnil // an unknown name goes the same way as a known one
	}
	return signer, err
}

// guessSource is where wrong passwords are counted.
func (a *signIn) guessSource(signer *storage.Signer) string {
	if signer != nil && signer.DeviceKnown {
		return a.device.guessSource()
	}
	return a.source
}

// checkPassword checks the password, as long and with the same words whether or not there is a signer. It returns an error unless the
// password is right.
func (o *Office) checkPassword(ctx context.Context, attempt *signIn, signer *storage.Signer) (password.Result, error) {
	source := attempt.guessSource(signer)
	guess, err := o.guesses.begin(ctx, attempt.name, source, attempt.now)
	if err != nil {
		return password.Result{}, err
	}
	if signer != nil && signer.Failures != nil {
		if wait := o.Policy.waits(*signer.Failures, *signer.FailuresSince, attempt.now); wait > 0 {
			guess.abandon()
			return password.Result{}, tooMany(wait)
		}
	}
	result, err := o.check(ctx, attempt.password, signer)
	switch {
	case err != nil:
		guess.abandon()
		return result, err
	case result.Matches:
		guess.right()
		return result, nil
	default:
		guess.wrong()
		return result, o.refuse(ctx, attempt, signer, source)
	}
}

func (o *Office) check(ctx context.Context, plain secret.Text, signer *storage.Signer) (password.Result, error) {
	var result password.Result
	var err error
	if signer == nil || signer.PasswordHash.Reveal() == "" {
		err = o.Hasher.CheckUnknown(ctx, plain)
	} else {
		result, err = o.Hasher.Check(ctx, signer.PasswordHash, plain)
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

// refuse sees to it that a wrong password is counted and returns what the client is told. The answer does not wait for that: its time and its words would
// tell whether the name exists.
func (o *Office) refuse(ctx context.Context, attempt *signIn, signer *storage.Signer, source string) error {
	refused := &models.Error{Reason: models.ReasonInvalidCredentials}
	if signer == nil {
		o.Log.InfoContext(ctx, "sign-in refused: unknown name", "source", source)
		return refused
	}
	o.Log.InfoContext(ctx, "sign-in refused: wrong password", "source", source, "user", signer.UserID)
	if !o.guesses.counting.TryAcquire(1) {
		o.Log.ErrorContext(ctx, "wrong password not counted: too many wait for the database", "user", signer.UserID)
		return refused
	}
	go func() {
		defer o.guesses.counting.Release(1)
		err := safely.Do(func() error {
			o.count(ctx, attempt, signer, source)
			return nil
		})
		if err != nil {
			o.Log.ErrorContext(ctx, "wrong password not counted", "user", signer.UserID, "error", err)
		}
	}()
	return refused
}

// countingTime bounds the time to count a wrong password.
const countingTime = 10 * time.Second

// count counts a wrong password, whether or not the client is still there.
func (o *Office) count(ctx context.Context, attempt *signIn, signer *storage.Signer, source string) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), countingTime)
	defer cancel()
	guess := storage.Guess{
		AccountID: *signer.ID, Source: source, At: attempt.now, WindowStart: attempt.now.Add(-o.Policy.GuessWindow),
		MostPerSource: o.Policy.GuessesPerSource, LockAt: o.Policy.GuessesPerAccount,
		LockUntil: o.Policy.lockUntil(attempt.now, accounts.Forever()),
	}
	if signer.LockedUntil != nil && !attempt.now.Before(*signer.LockedUntil) {
		guess.LockEnded = signer.LockedUntil
	}
	locked, err := o.Store.CountFailure(ctx, guess)
	switch {
	case err != nil:
		o.Log.ErrorContext(ctx, "wrong password not counted", "user", signer.UserID, "error", err)
	case locked:
		o.Log.WarnContext(ctx, "account locked after wrong passwords", "user", signer.UserID)
	}
}

// Drain waits until every wrong password so far is counted, or until ctx ends.
func (o *Office) Drain(ctx context.Context) {
	if o.guesses.counting.Acquire(ctx, mostCounting) == nil {
		o.guesses.counting.Release(mostCounting)
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
	// Those who sign in at the same moment have not seen each other's sessions.
	if most := o.Policy.SessionsPerCustomer; signer.Sessions+int(o.signingIn.Load()) > most {
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
		case errors.Is(err, storage.ErrBehind):
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
	if signer.AnyFailures {
		if err := o.Store.ResetFailures(ctx, *signer.ID); err != nil {
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
