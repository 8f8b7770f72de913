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

// AccountSessions returns the living sessions of an account, newest first. It reads at most 100.
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

// EndSession ends a session by its id. A caller with an access token can end the sessions of its
// shopper. Without one, an application that manages accounts can end any session. It is not an
// error if there is no such session, or if it has ended. The reasons of its errors are those of the
// schema's endSession, and those of every operation.
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

// endOwnSession ends a session of the shopper whose access token the caller has. For the token's
// own session, that is a sign-out.
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

// recordEnded writes into the entry which session has ended. If none has, it drops the entry.
func recordEnded(entry *access.Entry, id models.ID, revoked *Revoked, err error) {
	switch {
	case err != nil: // it is not known whether there is such a session
	case revoked.SessionsEnded == 0:
		entry.Drop()
	default:
		entry.Session = id
	}
}

// recordSignOut signs out the customer of a token, and records it if a session has ended. Anonymous
// sessions are not recorded, because a stranger can begin and end any number of them.
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

// untilSessionEnd returns the contents of an access token with the latest expiration that any token
// of the session can have. Only a refresh token would say when the session ends, and settings may
// have changed since.
func untilSessionEnd(contents seal.Contents) seal.Contents {
	contents.ExpiresAt = contents.StartedAt.Add(applications.LongestSession)
	return contents
}

// EndFor ends the session of a refresh token, for a reason. If the refresh token is empty, it ends
// the session of the caller's access token. This server refuses the session's access tokens at
// once. It is for requests with faults, in which a test can choose the reason. The reasons of its
// errors are those of every operation, and TOKEN_INVALID.
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
