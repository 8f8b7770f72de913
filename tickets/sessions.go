package tickets

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/authtickets/authtickets/applications"
	"github.com/authtickets/authtickets/models"
	"github.com/authtickets/authtickets/storage"
)

// SessionsOf returns those of the newest 100 sessions of a customer that go on, newest first.
func (o *Office) SessionsOf(ctx context.Context, userID models.ID) ([]models.Session, error) {
	return o.sessionsOf(ctx, userID, o.now())
}

func (o *Office) sessionsOf(ctx context.Context, userID models.ID, now time.Time) ([]models.Session, error) {
	sessions, err := o.Store.SessionsOf(ctx, userID, now)
	return slices.DeleteFunc(sessions, func(session models.Session) bool {
		application := o.Applications.Find(session.Application)
		return application == nil || application.IsDisabled ||
			isOver(application, session.ApplicationEpoch, session.StartedAt)
	}), err
}

// EndSession ends a session by its id: one of the shopper's own where the caller has an access token,
// or any where it is an application that manages accounts. A session that is none of these, or has
// ended, is no error. The reasons of its errors are those of the schema's endSession, and those of
// every operation.
func (o *Office) EndSession(ctx context.Context, caller *Caller, id models.ID) (*Revoked, error) {
	if caller.AccessToken.Reveal() == "" {
		if err := o.AllowInstead(caller, applications.ManageAccounts); err != nil {
			return nil, err
		}
		return revokedOne(o.endIfStored(ctx, id, models.ReasonEndedByOperator))
	}
	return revokedOne(o.endOwnSession(ctx, caller, id))
}

// longestUnwritten is how long at least a row is kept that ends a session without a refresh token to
// say when it expires.
const longestUnwritten = 90 * 24 * time.Hour

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
		lifetime := max(longestUnwritten, o.Policy.of(application).SessionLifetime)
		session.ExpiresAt = contents.StartedAt.Add(lifetime)
		session.PurgeAt = purgeAt(session.ExpiresAt)
		if first, err := o.endUnwritten(ctx, session, reason); first || err != nil {
			return first, err
		}
	}

	ended := false
	attempt := func(bool) (settled bool, err error) {
		ended, err = o.endStored(ctx, id, contents.UserID, reason)
		if errors.Is(err, storage.ErrNotFound) {
			return !isOwn, nil
		}
		return true, err
	}
	nothing := func() error { return nil } // the session was purged
	return ended, o.untilCaughtUp(ctx, contents, now, attempt, nothing)
}
