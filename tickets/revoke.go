package tickets

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/authtickets/authtickets/access"
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

// Revoke ends the session of a refresh token. With everywhere it ends all sessions of the shopper.
// Every refresh token of a living session works, even if it was used or has expired. Any other text
// ends nothing and is not an error: the client could not do anything about it (RFC 7009 section
// 2.2).
func (o *Office) Revoke(
	ctx context.Context, caller *access.Caller, refreshToken secret.Text, everywhere bool,
) (*Revoked, error) {
	now := o.clocks.now()
	application, err := o.identify(caller, now)
	if err != nil {
		return nil, err
	}

	contents, err := o.genuine(seal.Refresh, refreshToken, application, now)
	hasEnded := false
	if err == nil {
		hasEnded, err = o.hasEnded(application, contents)
	}
	switch {
	case isBusy(err):
		return nil, err
	case err != nil, hasEnded:
		return &Revoked{}, nil //nolint:nilerr // there is nothing to end
	}

	return o.recordSignOut(ctx, contents, func() (*Revoked, error) {
		if everywhere && !contents.Anonymous { // an anonymous shopper has one session
			return o.endEverywhere(ctx, contents, now)
		}
		reason := models.ReasonSignedOut
		if everywhere {
			reason = models.ReasonSignedOutEverywhere
		}
		return revokedOne(o.end(ctx, contents, rowSourceOf(caller, application), reason, now))
	})
}

// endEverywhere ends all sessions of a customer, if the token's own session is living.
func (o *Office) endEverywhere(ctx context.Context, contents seal.Contents, now time.Time) (*Revoked, error) {
	revoked := new(Revoked)
	return revoked, o.untilEnded(ctx, contents, now, func() (bool, error) {
		living, err := o.Store.LivingSessions(ctx, contents.UserID)
		if err != nil {
			return true, err
		}

		revoked.SessionsEnded = len(living)
		if !slices.Contains(living, contents.SessionID) {
			stored, err := o.Store.Session(ctx, contents.SessionID)
			isOver := stored.EndedAt != nil || o.clocks.sessionExpired(stored, now)
			if isOver || err != nil {
				revoked.SessionsEnded = 0
			}
			switch {
			case errors.Is(err, storage.ErrNotFound):
				return false, nil
			case isOver || err != nil:
				return true, err
			}
			revoked.SessionsEnded++ // it has expired, but only by the database's clock
		}
		return true, o.Store.EndSessionsOf(ctx, contents.UserID, models.ReasonSignedOutEverywhere)
	})
}

// end ends the session of a refresh token. It returns false if the session was over. A session that
// has no row yet gets one, so that nobody can refresh the token any more, no matter what the clocks
// show.
func (o *Office) end(
	ctx context.Context, contents seal.Contents, source string, reason models.Reason, now time.Time,
) (bool, error) {
	if unwritten(contents) {
		if first, err := o.endFirst(ctx, sessionOf(contents), source, reason, now); first || err != nil {
			return first, err
		}
	}
	return o.endOwn(ctx, contents, contents.SessionID, reason, now)
}

// endOwn ends a session of the token's shopper. It returns false if the session was over, or does
// not exist. Only the token's own session must exist: if it is missing, the database lags.
func (o *Office) endOwn(
	ctx context.Context, contents seal.Contents, id models.ID, reason models.Reason, now time.Time,
) (bool, error) {
	isOwn := id == models.ID(contents.SessionID)

	ended := false
	err := o.untilEnded(ctx, contents, now, func() (isOver bool, err error) {
		ended, err = o.endStored(ctx, id, contents.UserID, reason)
		if errors.Is(err, storage.ErrNotFound) {
			return !isOwn, nil
		}
		return true, err
	})
	return ended, err
}

// untilEnded is like untilCaughtUp, but ends a session. If the session of an old token is missing,
// it was purged, which is not an error.
func (o *Office) untilEnded(
	ctx context.Context, contents seal.Contents, now time.Time, end func() (bool, error),
) error {
	return o.untilCaughtUp(ctx, contents, now, func(bool) (bool, error) { return end() }, func() error { return nil })
}

// endFirst writes the row of an anonymous session that ends before it has one. It returns false if
// another request has written the row.
func (o *Office) endFirst(
	ctx context.Context, session *models.Session, source string, reason models.Reason, now time.Time,
) (bool, error) {
	session.EndReason = reason
	first, err := o.rowLimit.write(source, now, func() (bool, error) {
		return o.Store.BeginSession(ctx, session, storage.AtAnyTime)
	})
	if !errors.Is(err, errTooManyRows) {
		return first, err
	}
	if _, missing := o.Store.Session(ctx, session.ID); missing != nil {
		return false, err
	}
	return false, nil
}

// endStored ends a session that has a row. It returns false if the row says that the session was
// over. If userID is not zero, it ends only a session of that shopper. The error is
// storage.ErrNotFound if there is no row. Its reason is BUSY if the session still goes on.
func (o *Office) endStored(ctx context.Context, id, userID models.ID, reason models.Reason) (bool, error) {
	ended := false
	err := until(ctx, func(bool) (settled bool, err error) {
		if ended, err = o.Store.EndSession(ctx, id, userID, reason); ended || err != nil {
			return true, err
		}
		stored, err := o.Store.Session(ctx, id)
		isOthers := userID != (models.ID{}) && userID != stored.UserID
		return stored.EndedAt != nil || isOthers, err
	})
	return ended, err
}

// endIfStored is endStored for a session of any shopper. It returns false if there is no row.
func (o *Office) endIfStored(ctx context.Context, id models.ID, reason models.Reason) (bool, error) {
	ended, err := o.endStored(ctx, id, models.ID{}, reason)
	if errors.Is(err, storage.ErrNotFound) {
		return false, nil
	}
	return ended, err
}
