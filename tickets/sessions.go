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
		return application == nil || application.IsDisabled || session.StartedAt.Before(application.SessionsFrom)
	}), err
}

// EndSession ends a session by its id: one of the shopper's own where the caller has an access token, or any where it is an application that manages accounts. A session that
// is none of these, or has ended, is no error. The reasons of its errors are those of the schema's endSession, and those of every operation.
func (o *Office) EndSession(ctx context.Context, caller *Caller, id models.ID) (*Revoked, error) {
	now := o.now()
	ended, err := o.endSession(ctx, caller, id, now)
	if err != nil || !ended {
		return &Revoked{}, err
	}
	return &Revoked{SessionsEnded: 1}, nil
}

func (o *Office) endSession(ctx context.Context, caller *Caller, id models.ID, now time.Time) (bool, error) {
	if caller.AccessToken.Reveal() == "" {
		if err := o.AllowInstead(caller, applications.ManageAccounts); err != nil {
			return false, err
		}
		return o.Store.EndSession(ctx, id, models.ReasonSignedOut, now)
	}
	application, contents, err := o.holder(caller, now)
	if err != nil {
		return false, err
	}
	if id == models.ID(contents.SessionID) && unwritten(contents) {
		contents.ExpiresAt = o.Policy.of(application).refreshExpiration(true, contents.StartedAt, contents.IssuedAt) // of the refresh token
		if first, err := o.endUnwritten(ctx, sessionOf(contents), models.ReasonSignedOut, now); first || err != nil {
			return first, err
		}
	}
	return o.Store.EndSessionOf(ctx, id, contents.UserID, models.ReasonSignedOut, now)
}
