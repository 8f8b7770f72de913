package tickets

import (
	"context"
	"slices"
	"time"

	"github.com/authtickets/authtickets/access"
	"github.com/authtickets/authtickets/accounts"
	"github.com/authtickets/authtickets/applications"
	"github.com/authtickets/authtickets/models"
	"github.com/authtickets/authtickets/seal"
	"github.com/authtickets/authtickets/secret"
)

// AccountSessions returns those of the newest 100 sessions of an account that go on, newest first.
// Its errors are those of accounts.Book.Find.
func (o *Office) AccountSessions(
	ctx context.Context, caller *access.Caller, key accounts.Key,
) ([]models.Session, error) {
	account, err := o.Accounts.Find(ctx, caller, key, nil)
	if err != nil {
		return nil, err
	}
	return o.sessionsOf(ctx, account.UserID, o.clocks.now())
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
func (o *Office) EndSession(ctx context.Context, caller *access.Caller, id models.ID) (*Revoked, error) {
	if caller.AccessToken.Reveal() != "" {
		return o.endOwnSession(ctx, caller, id)
	}
	act := access.Act{Name: "session.end", Needs: access.ManageAccounts(), OrToken: true}
	return access.Do(ctx, o.Desk, caller, act, func(entry *access.Entry) (*Revoked, error) {
		revoked, err := revokedOne(o.endIfStored(ctx, id, models.ReasonEndedByOperator))
		recordEnded(entry, id, revoked, err)
		return revoked, err
	})
}

// endOwnSession ends a session of the shopper whose access token the caller has.
func (o *Office) endOwnSession(ctx context.Context, caller *access.Caller, id models.ID) (*Revoked, error) {
	now := o.clocks.now()
	application, contents, err := o.holder(caller, now)
	if err != nil {
		return nil, err
	}
	if id == models.ID(contents.SessionID) {
		return o.recordSignOut(ctx, contents, func() (*Revoked, error) {
			contents := untilSessionEnd(contents)
			return revokedOne(o.end(ctx, contents, rowSourceOf(caller, application), models.ReasonSignedOut, now))
		})
	}

	return access.Record(ctx, o.Desk, "session.end", func(entry *access.Entry) (*Revoked, error) {
		entry.By, entry.User = contents.Application, contents.UserID
		revoked, err := revokedOne(o.endOwn(ctx, contents, id, models.ReasonSessionEnded, now))
		recordEnded(entry, id, revoked, err)
		return revoked, err
	})
}

// recordEnded says in the record which session has ended. If none has, there is no record.
func recordEnded(entry *access.Entry, id models.ID, revoked *Revoked, err error) {
	switch {
	case err != nil: // nobody knows whether there is such a session
	case revoked.SessionsEnded == 0:
		entry.Drop()
	default:
		entry.Session = id
	}
}

// recordSignOut signs out the customer of a token, and records it if a session has ended. A
// stranger can begin and end as many anonymous sessions as it likes, so these are not recorded.
func (o *Office) recordSignOut(
	ctx context.Context, contents seal.Contents, signOut func() (*Revoked, error),
) (*Revoked, error) {
	if contents.Anonymous {
		return signOut()
	}
	return access.Record(ctx, o.Desk, "session.sign-out", func(entry *access.Entry) (*Revoked, error) {
		entry.By, entry.User = contents.Application, contents.UserID
		revoked, err := signOut()
		recordEnded(entry, contents.SessionID, revoked, err)
		if err == nil {
			entry.Counts = []access.Count{{Name: "sessionsEnded", Number: revoked.SessionsEnded}}
		}
		return revoked, err
	})
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
func (o *Office) EndFor(
	ctx context.Context, caller *access.Caller, refreshToken secret.Text, reason models.Reason,
) error {
	now := o.clocks.now()
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
