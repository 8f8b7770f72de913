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

// Credentials are what a customer signs in with. The schema's CustomerUserAuthInfoInput is bound to
// it, and describes its fields.
type Credentials struct {
	Username             string
	Password             secret.Text
	PreviousRefreshToken *secret.Text
	DeviceToken          *secret.Text

	// The schema does not have the fields below.

	// PreviousAccessToken claims an anonymous shopper as PreviousRefreshToken does; empty for none.
	PreviousAccessToken secret.Text
	// AccountID is the number of the account that the client expects; 0 if it expects none. For
	// another account, the credentials are wrong.
	AccountID int64
}

// signInRequest is a sign-in whose input has been checked.
type signInRequest struct {
	application *models.Application
	guess       passwordGuess
	userAgent   string
	// accountID is the account that the client expects; 0 if it expects none.
	accountID int64
	// toClaim is the content of the token of the anonymous shopper who is claimed. It is nil if
	// there is nothing to claim, and then claim says why.
	toClaim   *seal.Contents
	claim     claim
	selection Selection
	// entry is the record of the sign-in. It names the customer only if the password was right.
	entry *access.Entry
	now   time.Time
}

// SignIn checks a customer's password and issues a ticket. The reasons of its errors are those of
// the schema's createUserTicket, and those of every operation.
func (o *Office) SignIn(
	ctx context.Context, caller *access.Caller, credentials Credentials, selection Selection,
) (*Ticket, error) {
	return access.Record(ctx, o.Desk, "session.sign-in", func(entry *access.Entry) (*Ticket, error) {
		request, err := o.newSignInRequest(ctx, caller, credentials, entry)
		if err != nil {
			return nil, err
		}
		request.selection = selection

		began := o.clocks.elapsed()
		ticket, err := o.waitAndSignIn(ctx, request)
		o.guard.delay(ctx, began, err)
		return ticket, err
	})
}

// newSignInRequest checks the input of a sign-in. It uses the database only if the anonymous token
// seems to have expired.
func (o *Office) newSignInRequest(
	ctx context.Context, caller *access.Caller, credentials Credentials, entry *access.Entry,
) (*signInRequest, error) {
	now := o.clocks.now()
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
	if !o.Keys.Loaded() { // the session would be written, but its ticket could not be sealed
		return nil, busy()
	}

	request := &signInRequest{
		application: application,
		userAgent:   userAgentOf(caller, application),
		accountID:   credentials.AccountID,
		entry:       entry,
		now:         now,
		guess:       passwordGuess{name: name, password: credentials.Password, source: entry.Source, at: now},
	}
	if request.guess.nameHash, err = o.Keys.Fingerprint(name, now); err != nil {
		return nil, busyUntilLoaded(err)
	}
	request.toClaim, request.claim.outcome, err = o.toClaim(ctx, application, credentials, now)
	if err != nil {
		return nil, err
	}
	request.guess.device, err = o.deviceOf(application, credentials.DeviceToken, now)
	return request, err
}

// waitAndSignIn waits for the sign-in's turn, and then signs in.
func (o *Office) waitAndSignIn(ctx context.Context, request *signInRequest) (*Ticket, error) {
	leave, err := o.guard.enter(ctx, request.guess)
	if err != nil {
		return nil, err
	}
	defer leave()
	o.signingIn.Add(1)
	defer o.signingIn.Add(-1)

	ticket, err := o.checkAndOpen(ctx, request)
	if errors.Is(err, storage.ErrAccountChanged) { // most often another sign-in just renewed the hash
		ticket, err = o.checkAndOpen(ctx, request)
	}
	if errors.Is(err, storage.ErrAccountChanged) {
		return nil, busy()
	}
	return ticket, err
}

// checkAndOpen checks the password and opens a session. The error is storage.ErrAccountChanged if
// the account changed between the two.
func (o *Office) checkAndOpen(ctx context.Context, request *signInRequest) (*Ticket, error) {
	facts, err := o.signInFacts(ctx, request)
	if err != nil {
		return nil, err
	}
	result, err := o.guard.check(ctx, request.guess, facts)
	if err != nil {
		return nil, err
	}

	request.entry.User = facts.UserID
	switch { // only somebody with the right password gets these reasons
	case !facts.IsActive:
		return nil, &models.Error{Reason: models.ReasonAccountInactive}
	case facts.LockedByOperator:
		return nil, &models.Error{Reason: models.ReasonAccountLocked}
	case request.accountID != 0 && request.accountID != *facts.ID:
		return nil, &models.Error{Reason: models.ReasonInvalidCredentials}
	}

	ticket, err := o.openSession(ctx, request, facts)
	if err != nil {
		return nil, err
	}
	request.entry.Session = ticket.SessionID
	o.guard.reset(ctx, request.guess, facts)
	if result.Outdated {
		o.renewHash(ctx, request, facts)
	}

	if request.selection.Account == nil {
		return ticket, nil
	}
	ticket.CustomerAccount = &facts.CustomerAccount
	return ticket, o.Accounts.Complete(ctx, ticket.CustomerAccount, request.selection.Account, request.now)
}

// signInFacts reads what the database has about the name, whether or not an account has it.
func (o *Office) signInFacts(ctx context.Context, request *signInRequest) (*storage.SignInFacts, error) {
	guess := request.guess
	return o.Accounts.SignInFacts(ctx, storage.SignInQuery{
		Name:          guess.name,
		NameHash:      guess.nameHash,
		At:            guess.at,
		Source:        guess.source,
		DeviceSource:  guess.device.guessSource(),
		DevicePrefix:  devicePrefix,
		DeviceUserID:  guess.device.userID,
		DeviceSession: guess.device.session,
		Distrust:      distrusted(),
	}, request.selection.Account)
}

// openSession writes the session's row and returns its first ticket.
func (o *Office) openSession(
	ctx context.Context, request *signInRequest, facts *storage.SignInFacts,
) (*Ticket, error) {
	session, err := o.begin(request.application, facts.UserID, false, request.now)
	if err != nil {
		return nil, err
	}
	session.UserAgent = request.userAgent

	write := storage.SignIn{
		Session:      *session,
		AccountID:    *facts.ID,
		PasswordHash: facts.PasswordHash,
		NameHash:     request.guess.nameHash,
		Claim:        claimOf(request.toClaim, facts.UserID),
		// Locks do not count on a known device. Elsewhere, a lock that was read no longer applies:
		// otherwise the guard would have refused.
		DespiteLock: facts.DeviceKnown || facts.GuessedUntil != nil,
	}
	if facts.DeviceKnown {
		write.Replaces = request.guess.device.session
	}

	// Surplus sessions are only looked for near the limit. Sign-ins at the same moment, here or on
	// other servers, have not counted each other's sessions.
	most := o.Policy.SessionsPerCustomer
	if 2*facts.Sessions >= most || facts.Sessions+int(o.signingIn.Load()) > most {
		write.Keep = most
	}

	if err := o.writeSession(ctx, request, write); err != nil {
		return nil, err
	}
	return o.ticket(request.application, session, request.selection, request.claim)
}

// writeSession writes the rows of a sign-in, and notes what became of the claim.
func (o *Office) writeSession(ctx context.Context, request *signInRequest, write storage.SignIn) error {
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
		request.claim = claimed(session, write.Session.UserID)
		return true, nil
	}
	withoutClaim := func() error {
		request.claim, write.Claim = claim{outcome: ClaimTokenInvalid}, nil
		_, err := o.Store.SignIn(ctx, write)
		return err
	}
	return o.untilCaughtUp(ctx, *request.toClaim, request.now, try, withoutClaim)
}

// renewHash replaces an outdated hash of the right password. The shopper has signed in already, so
// a failure is only logged, and the next sign-in tries again.
func (o *Office) renewHash(ctx context.Context, request *signInRequest, facts *storage.SignInFacts) {
	renewed, err := o.Hasher.Hash(ctx, request.guess.password)
	if err == nil {
		err = o.Store.RenewHash(ctx, *facts.ID, facts.PasswordHash, renewed, request.now)
	}
	if err != nil {
		o.Log.WarnContext(ctx, "password hash not renewed", "user", facts.UserID, "error", err)
		return
	}
	facts.HasExternalPassword = false
}
