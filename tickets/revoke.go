package tickets

import (
	"context"
	"errors"
	"time"

	"github.com/authtickets/authtickets/models"
	"github.com/authtickets/authtickets/seal"
	"github.com/authtickets/authtickets/secret"
	"github.com/authtickets/authtickets/storage"
)

// Revoked is what a revocation has done. The schema's RevokedTickets is bound to it.
type Revoked struct{ SessionsEnded int }

// revokedOne returns what a revocation of one session has done.
func revokedOne(ended bool, err error) (*Revoked, error) {
	if err != nil || !ended {
		return &Revoked{}, err
	}
	return &Revoked{SessionsEnded: 1}, nil
}

// Revoke ends the session of a refresh token or, everywhere, all sessions of its shopper. Any token of
// a session that goes on will do, also one that was used or has expired. Any other text ends nothing
// and is no error: the client cannot do anything about it (RFC 7009 section 2.2).
func (o *Office) Revoke(ctx context.Context, caller *Caller, refreshToken secret.Text, everywhere bool) (*Revoked, error) {
	now := o.now()
	application, err := o.identify(caller, now)
	if err != nil {
		return nil, err
	}
	contents, err := o.genuine(seal.Refresh, refreshToken, application, now)
	switch {
	case isBusy(err):
		return nil, err
	case err != nil, isOver(application, contents.ApplicationEpoch, contents.StartedAt):
		return &Revoked{}, nil //nolint:nilerr // nothing goes on that it could end
	case everywhere && contents.Anonymous: // an anonymous shopper has one session
		return revokedOne(o.end(ctx, contents, models.ReasonSignedOutEverywhere, now))
	case everywhere:
		return o.endEverywhere(ctx, contents, now)
	}
	return revokedOne(o.end(ctx, contents, models.ReasonSignedOut, now))
}

// endEverywhere ends all sessions of a customer, that of the token among them. Only a token whose
// session goes on may do that.
func (o *Office) endEverywhere(ctx context.Context, contents seal.Contents, now time.Time) (*Revoked, error) {
	var revoked Revoked
	attempt := func(bool) (bool, error) {
		present, err := o.Store.Session(ctx, contents.SessionID)
		switch {
		case errors.Is(err, storage.ErrNotFound):
			return false, nil
		case err != nil || present.EndedAt != nil || o.hasExpired(present, now):
			return true, err
		}
		revoked.SessionsEnded, err = o.Store.EndSessionsOf(ctx, contents.UserID, models.ReasonSignedOutEverywhere)
		return revoked.SessionsEnded > 0, err
	}
	nothing := func() error { return nil } // the session was purged
	return &revoked, o.untilCaughtUp(ctx, contents, now, attempt, nothing)
}

// end ends the session of a refresh token, and reports whether it did; if not, the session was over. A
// session that has no row yet gets one, so that the token cannot be refreshed any more.
func (o *Office) end(ctx context.Context, contents seal.Contents, reason models.Reason, now time.Time) (bool, error) {
	hasExpired := !now.Before(contents.ExpiresAt)
	if unwritten(contents) && !hasExpired {
		if first, err := o.endUnwritten(ctx, sessionOf(contents), reason); first || err != nil {
			return first, err
		}
	}

	ended := false
	attempt := func(bool) (settled bool, err error) {
		ended, err = o.endStored(ctx, contents.SessionID, contents.UserID, reason)
		if errors.Is(err, storage.ErrNotFound) {
			return unwritten(contents) && hasExpired, nil
		}
		return true, err
	}
	nothing := func() error { return nil } // the session was purged
	return ended, o.untilCaughtUp(ctx, contents, now, attempt, nothing)
}

// endUnwritten writes the row of an anonymous session that has ended before it had one, and reports
// whether it did: there may be a row by now.
func (o *Office) endUnwritten(ctx context.Context, session *models.Session, reason models.Reason) (bool, error) {
	session.EndReason = reason
	return o.Store.BeginSession(ctx, session, true)
}

// endStored ends a session that has a row, and reports whether it did; if not, the row says that the
// session was over. With a userID that is not zero it ends no other shopper's. It returns
// storage.ErrNotFound when there is no row. The reason of its error is BUSY when the session goes on
// all the same.
func (o *Office) endStored(ctx context.Context, id, userID models.ID, reason models.Reason) (bool, error) {
	ended := false
	err := until(ctx, func(bool) (settled bool, err error) {
		if ended, err = o.Store.EndSession(ctx, id, userID, reason); ended || err != nil {
			return true, err
		}
		present, err := o.Store.Session(ctx, id)
		isOthers := userID != (models.ID{}) && userID != present.UserID
		return present.EndedAt != nil || isOthers, err
	})
	return ended, err
}

// endIfStored is endStored for a session of anybody that need not have a row.
func (o *Office) endIfStored(ctx context.Context, id models.ID, reason models.Reason) (bool, error) {
	ended, err := o.endStored(ctx, id, models.ID{}, reason)
	if errors.Is(err, storage.ErrNotFound) {
		return false, nil
	}
	return ended, err
}
