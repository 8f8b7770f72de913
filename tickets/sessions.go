package tickets

import (
	"context"
	"slices"
	"time"

	"github.com/authtickets/authtickets/applications"
	"github.com/authtickets/authtickets/models"
	"github.com/authtickets/authtickets/seal"
	"github.com/authtickets/authtickets/secret"
)

// SessionsOf returns those of the newest 100 sessions of a customer that go on, newest first.
func (o *Office) SessionsOf(ctx context.Context, userID models.ID) ([]models.Session, error) {
	return o.sessionsOf(ctx, userID, o.now())
}

func (o *Office) sessionsOf(ctx context.Context, userID models.ID, now time.Time) ([]models.Session, error) {
	sessions, err := o.Store.SessionsOf(ctx, userID, now)
	return slices.DeleteFunc(sessions, func(session models.Session) bool {
		application := o.Applications.Find(session.Application)
		if application == nil || application.IsDisabled {
			return true
		}
		hasEnded, err := o.Applications.HasEnded(application, session.ApplicationEpoch, session.StartedAt)
		return err == nil && hasEnded
	}), err
}

// EndSession ends a session by its id: one of the shopper's own where the caller has an access
// token, or any where it is an application that manages accounts. A session that is none of these,
// or has ended, is no error. The reasons of its errors are those of the schema's endSession, and
// those of every operation.
func (o *Office) EndSession(ctx context.Context, caller *Caller, id models.ID) (*Revoked, error) {
	if caller.AccessToken.Reveal() == "" {
		if err := o.AllowInstead(caller, applications.ManageAccounts); err != nil {
			return nil, err
		}
		return revokedOne(o.endIfStored(ctx, id, models.ReasonEndedByOperator))
	}
	return revokedOne(o.endOwnSession(ctx, caller, id))
}

// endOwnSession ends a session of the shopper whose access token the caller has.
func (o *Office) endOwnSession(ctx context.Context, caller *Caller, id models.ID) (bool, error) {
	now := o.now()
	application, contents, err := o.holder(caller, now)
	if err != nil {
		return false, err
	}
	reason := models.ReasonSessionEnded // by another session of the same shopper
	isOwn := id == models.ID(contents.SessionID)
	if isOwn {
		reason = models.ReasonSignedOut
	}

	if isOwn {
		return o.end(ctx, untilSessionEnd(contents), caller.rowSource(application), reason, now)
	}
	return o.endOwn(ctx, contents, id, reason, now)
}

// untilSessionEnd returns the contents of an access token with an expiration that no token of its
// session outlives. No refresh token is there to say when that is, and settings may have changed
// since.
func untilSessionEnd(contents seal.Contents) seal.Contents {
	contents.ExpiresAt = contents.StartedAt.Add(applications.LongestSession)
	return contents
}

// EndFor ends the session of a refresh token or, where that is empty, of the caller's access token,
// for a reason. This server refuses the session's access tokens at once. Only a request with faults
// may choose the reason. The reasons of its errors are those of every operation, and TOKEN_INVALID.
func (o *Office) EndFor(ctx context.Context, caller *Caller, refreshToken secret.Text, reason models.Reason) error {
	now := o.now()
	application, err := o.identify(caller, now)
	if err != nil {
		return err
	}
	kind, token := seal.Refresh, refreshToken
	if token.Reveal() == "" {
		kind, token = seal.Access, caller.AccessToken
	}
	contents, err := o.genuine(kind, token, application, now)
	if err != nil {
		return err
	}
	if kind == seal.Access {
		contents = untilSessionEnd(contents)
	}
	const uncounted = "" // a test suite has one source
	if _, err := o.end(ctx, contents, uncounted, reason, now); err != nil {
		return err
	}
	return o.ReloadEnded(ctx)
}
