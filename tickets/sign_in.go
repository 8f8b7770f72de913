package tickets

import (
	"context"
	"errors"
	"time"

	"github.com/authtickets/authtickets/access"
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
	name string
	// nameHash stands for the name where guesses are counted.
	nameHash    models.ID
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
	// entry is what the record says of the sign-in. It names the customer once the password has
	// proved right.
	entry *access.Entry
	now   time.Time
}

// SignIn checks a customer's password and issues a ticket. The reasons of its errors are those of the schema's createUserTicket, and those of every operation.
func (o *Office) SignIn(ctx context.Context, caller *access.Caller, credentials Credentials, selection Selection) (*Ticket, error) {
	return access.Record(ctx, o.Desk, "session.sign-in", func(entry *access.Entry) (*Ticket, error) {
		return o.signInRecorded(ctx, caller, credentials, selection, entry)
	})
}

// signInRecorded is SignIn, and says in the record who signs in, as far as that is proved.
func (o *Office) signInRecorded(
	ctx context.Context, caller *access.Caller, credentials Credentials, selection Selection, entry *access.Entry,
) (*Ticket, error) {
	now := o.now()
	application, err := o.identify(caller, now)
	if err != nil {
		return nil, err
	}
	entry.By, entry.Source = application.ID, sourceOf(caller, application)
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
		name: name, password: credentials.Password, application: application, source: entry.Source, userAgent: userAgentOf(caller, application),
		selection: selection, entry: entry, now: now,
	}
	attempt.toClaim, attempt.claim.outcome, err = o.toClaim(ctx, application, credentials.PreviousRefreshToken, now)
	if err != nil {
		return nil, err
	}
	if attempt.device, err = o.deviceOf(application, credentials.DeviceToken, now); err != nil {
		return nil, err
	}

	began := o.Elapsed()
	ticket, err := o.signInInTurn(ctx, attempt)
	if isGuessRefused(err) {
		o.waitForStep(ctx, began)
	}
	return ticket, err
}

// signInInTurn signs in when the turn of the sign-in has come.
func (o *Office) signInInTurn(ctx context.Context, attempt *signIn) (*Ticket, error) {
	end, err := o.enterLane(ctx, attempt)
	if err != nil {
		return nil, err
	}
	defer end()
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

// isGuessRefused reports whether a password was wrong or was not checked because of guesses.
func isGuessRefused(err error) bool {
	for _, reason := range []models.Reason{
		models.ReasonInvalidCredentials, models.ReasonTooManyAttempts, models.ReasonAccountLocked,
	} {
		if errors.Is(err, &models.Error{Reason: reason}) {
			return true
		}
	}
	return false
}

// waitForStep waits for the next of some fixed instants after the beginning of a sign-in. So the
// time of a refusal does not tell how long the check took, which differs with the hash, nor whether
// there was an account to read. Nobody waits behind it.
func (o *Office) waitForStep(ctx context.Context, began time.Duration) {
	step := o.Policy.RefusalStep
	if step == 0 {
		return
	}
	select {
	case <-time.After(step - (o.Elapsed()-began)%step):
	case <-ctx.Done(): // the answer is as late as it can be
	}
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
	attempt.entry.User = signer.UserID
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
	attempt.entry.Session = ticket.SessionID
	o.settle(ctx, attempt, signer, result)
	if attempt.selection.Account == nil {
		return ticket, nil
	}
	ticket.CustomerAccount = &signer.CustomerAccount
	return ticket, o.Accounts.Complete(ctx, ticket.CustomerAccount, attempt.selection.Account, attempt.now)
}

// signer looks up who signs in, if anybody has the name.
func (o *Office) signer(ctx context.Context, attempt *signIn) (*storage.Signer, error) {
	hash, err := o.Keys.Fingerprint(attempt.name, attempt.now)
	if err != nil {
		return nil, busyUntilLoaded(err)
	}
	attempt.nameHash = hash
	return o.Accounts.Signer(ctx, storage.SignerQuery{
		Name: attempt.name, NameHash: hash, At: attempt.now, Source: attempt.source,
		DeviceSource: attempt.device.guessSource(), DevicePrefix: devicePrefix,
		DeviceUserID: attempt.device.userID, DeviceSession: attempt.device.session, Distrust: distrusted(),
	}, attempt.selection.Account)
}

// openSession writes the session's row and returns its first ticket.
func (o *Office) openSession(ctx context.Context, attempt *signIn, signer *storage.Signer) (*Ticket, error) {
	session, err := o.begin(attempt.application, signer.UserID, false, attempt.now)
	if err != nil {
		return nil, err
	}
	session.UserAgent = attempt.userAgent
	write := storage.SignIn{
		Session: *session, AccountID: *signer.ID, PasswordHash: signer.PasswordHash,
		NameHash: attempt.nameHash,
		// Where a lock holds, mayGuess has refused.
		DespiteLock: signer.DeviceKnown || signer.GuessedUntil != nil,
		Claim:       claimOf(attempt.toClaim, signer.UserID),
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
	if signer.InWindow != nil || signer.StrangersInDay > 0 || signer.GuessedUntil != nil {
		if err := o.Store.ResetGuesses(ctx, attempt.nameHash, signer.UserID); err != nil {
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
