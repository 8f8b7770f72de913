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

// Refresh exchanges a refresh token for the next ticket of its session, and within the reuse window for the same ticket again. A token that
// was used longer ago ends the session. The reasons of its errors are those of the schema's refreshTicket.
func (o *Office) Refresh(ctx context.Context, caller *Caller, refreshToken secret.Text, selection Selection) (*Ticket, error) {
	now := o.now()
	application, err := o.identify(caller, now)
	if err != nil {
		return nil, err
	}
	contents, err := o.open(seal.Refresh, refreshToken, application, now)
	if err != nil {
		return nil, err
	}
	account, err := o.account(ctx, contents, selection.Account, now)
	if err != nil {
		return nil, err
	}
	// A locked account goes on: a lock stops guessing, and must not let a stranger sign the owner out.
	if !account.IsAnonymous && !account.IsActive {
		return nil, &models.Error{Reason: models.ReasonAccountInactive, Replaceable: true}
	}
	session, err := o.advance(ctx, o.Policy.of(application), contents, now)
	if err != nil {
		return nil, err
	}
	ticket, err := o.ticket(application, session, selection, nil)
	if err == nil && selection.Account != nil {
		ticket.CustomerAccount = account
	}
	return ticket, err
}

// staleReads is how often a row is read again that seems to lag behind the statement that has just lost to it, as on a cluster it may, or after the database's clock was set.
const staleReads = 3

// advance moves the session of a token to its next generation. It returns the session as this call or, within the reuse window, another
// one has moved it.
func (o *Office) advance(ctx context.Context, policy Policy, contents seal.Contents, now time.Time) (*models.Session, error) {
	next := sessionOf(contents)
	next.Generation++
	next.RefreshedAt = now
	next.ExpiresAt = policy.refreshExpiration(contents.Anonymous, contents.StartedAt, now)
	next.PurgeAt = purgeAt(later(contents.ExpiresAt, next.ExpiresAt))
	if !now.Before(next.ExpiresAt) { // the session's lifetime was shortened since
		return nil, &models.Error{Reason: models.ReasonTokenExpired}
	}
	for attempt := range staleReads {
		moved, err := o.move(ctx, contents, next, attempt > 0)
		if moved || err != nil {
			return next, err
		}
		present, err := o.Store.Session(ctx, contents.SessionID)
		switch {
		case errors.Is(err, storage.ErrNotFound) && unwritten(contents) && attempt == 0: // it took itself for late
		case errors.Is(err, storage.ErrNotFound):
			return nil, &models.Error{Reason: models.ReasonTokenInvalid}
		case err != nil:
			return nil, err
		case present.EndedAt != nil:
			return nil, &models.Error{Reason: present.EndReason, Replaceable: true}
		case present.Generation == next.Generation && o.Policy.reusable(present.RefreshedAt, now):
			return &present, nil
		case present.Generation >= next.Generation:
			return nil, o.endReused(ctx, contents, present.Generation, now)
		}
	}
	// The row stays behind the token: the database was put back to an earlier state.
	return nil, &models.Error{Reason: models.ReasonTokenInvalid}
}

// move makes the one conditional statement that decides a refresh. The first attempt comes to nothing when the database gets to it late, which it goes by its
// clock for; the next one is there in case that clock was set.
func (o *Office) move(ctx context.Context, contents seal.Contents, next *models.Session, late bool) (bool, error) {
	if unwritten(contents) {
		return o.Store.BeginSession(ctx, next, late)
	}
	return o.Store.AdvanceSession(ctx, next, late)
}

// endReused ends a session whose token was used twice, by a thief or by the owner behind a thief; nobody can tell which.
func (o *Office) endReused(ctx context.Context, contents seal.Contents, present int64, now time.Time) error {
	ended, err := o.Store.EndSession(ctx, contents.SessionID, models.ReasonTokenReused, now)
	if err != nil {
		return err
	}
	if ended {
		o.Log.WarnContext(ctx, "refresh token used again: session ended", "session", models.ID(contents.SessionID),
			"user", models.ID(contents.UserID), "anonymous", contents.Anonymous, "generation", contents.Generation, "present", present)
	}
	return &models.Error{Reason: models.ReasonTokenReused}
}
