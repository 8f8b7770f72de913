package tickets

import (
	"context"
	"slices"
	"time"

	"github.com/authtickets/authtickets/applications"
	"github.com/authtickets/authtickets/models"
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

	if isOwn && unwritten(contents) {
		session := sessionOf(contents)
		// No refresh token is there to say when it expires, and settings may have changed since.
		session.ExpiresAt = contents.StartedAt.Add(applications.LongestSession)
		session.PurgeAt = purgeAt(session.ExpiresAt)
		first, err := o.endFirst(ctx, session, caller.rowSource(application), reason, now)
		if first || err != nil {
			return first, err
		}
	}
	return o.endOwn(ctx, contents, id, reason, now)
}
