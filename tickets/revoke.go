package tickets

import (
	"context"
	"time"

	"github.com/authtickets/authtickets/models"
	"github.com/authtickets/authtickets/seal"
	"github.com/authtickets/authtickets/secret"
)

// Revoked is what a revocation has done. The schema's RevokedTickets is bound to it.
type Revoked struct{ SessionsEnded int }

// Revoke ends the session of a refresh token or, everywhere, all sessions of its shopper. A token that Refresh would refuse ends nothing.
func (o *Office) Revoke(ctx context.Context, caller *Caller, refreshToken secret.Text, everywhere bool) (*Revoked, error) {
	now := o.now()
	application, err := o.identify(caller, now)
	if err != nil {
		return nil, err
	}
	contents, err := o.open(seal.Refresh, refreshToken, application, now)
	if isBusy(err) {
		return nil, err
	}
	if err != nil {
		return &Revoked{}, nil //nolint:nilerr // RFC 7009 section 2.2: the client cannot do anything about it
	}
	if everywhere && !contents.Anonymous { // an anonymous shopper has one session
		return o.endEverywhere(ctx, contents, now)
	}
	reason := models.ReasonSignedOut
	if everywhere {
		reason = models.ReasonSignedOutEverywhere
	}
	ended, err := o.end(ctx, contents, reason, now)
	if err != nil || !ended {
		return &Revoked{}, err
	}
	return &Revoked{SessionsEnded: 1}, nil
}

// endEverywhere ends all sessions of a customer in one statement, that of the token among them: when it fails, the token is still good and the client
// can ask again.
func (o *Office) endEverywhere(ctx context.Context, contents seal.Contents, now time.Time) (*Revoked, error) {
	held, err := o.Store.IsHeld(ctx, o.holding(contents, now))
	if err != nil || !held {
		return &Revoked{}, err
	}
	ended, err := o.Store.EndSessionsOf(ctx, contents.UserID, models.ReasonSignedOutEverywhere, now)
	return &Revoked{SessionsEnded: ended}, err
}

// end ends the session of a token that is still good, and reports whether it did. An anonymous session that has no row gets one, so
// that the token cannot be refreshed any more.
func (o *Office) end(ctx context.Context, contents seal.Contents, reason models.Reason, now time.Time) (bool, error) {
	if unwritten(contents) {
		if first, err := o.endUnwritten(ctx, sessionOf(contents), reason, now); first || err != nil {
			return first, err
		}
	}
	return o.Store.EndHeldSession(ctx, o.holding(contents, now), reason, now)
}

// endUnwritten writes the row of an anonymous session that has ended before it had one, and reports whether it did: there may be a row by now.
func (o *Office) endUnwritten(ctx context.Context, session *models.Session, reason models.Reason, now time.Time) (bool, error) {
	session.EndedAt, session.EndReason = &now, reason
	return o.Store.BeginSession(ctx, session, false)
}
