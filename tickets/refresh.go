package tickets

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/authtickets/authtickets/access"
	"github.com/authtickets/authtickets/accounts"
	"github.com/authtickets/authtickets/models"
	"github.com/authtickets/authtickets/seal"
	"github.com/authtickets/authtickets/secret"
	"github.com/authtickets/authtickets/storage"
)

// Refresh exchanges a refresh token for the next ticket of its session. Within the reuse window,
// and at any time with the same attempt, it returns the same ticket again. A token that was used
// longer ago ends the session, unless the client has gone. The reasons of its errors are those of
// the schema's refreshTicket.
func (o *Office) Refresh(
	ctx context.Context, caller *access.Caller, refreshToken secret.Text, attempt *secret.Text, selection Selection,
) (*Ticket, error) {
	now := o.now()
	application, err := o.identify(caller, now)
	if err != nil {
		return nil, err
	}
	contents, err := o.genuine(seal.Refresh, refreshToken, application, now)
	if err != nil {
		return nil, err
	}
	hash, err := hashAttempt(attempt, contents)
	if err != nil {
		return nil, err
	}
	isExpired, err := o.judgeRefreshed(ctx, contents, application, now)
	mayRepeat := isExpired && hash != nil // its successor may be good
	if err != nil && !mayRepeat {
		return nil, err
	}

	account, err := o.usableAccount(ctx, contents, selection.Account, now)
	if err != nil {
		return nil, err
	}
	refresh := refreshing{
		contents: contents, attemptHash: hash, isExpired: isExpired, source: rowSourceOf(caller, application),
		gone: caller.Gone, now: now,
	}
	session, err := o.advance(ctx, o.Policy.of(application), refresh)
	if err != nil {
		return nil, err
	}
	ticket, err := o.ticket(application, session, selection, nothingToClaim)
	if err == nil && selection.Account != nil {
		ticket.CustomerAccount = account
	}
	return ticket, err
}

// judgeRefreshed is judge for a refresh token that is about to be used. It reports whether the
// token has expired, which all clocks must agree on: otherwise one of them is wrong, and the reason
// is BUSY.
func (o *Office) judgeRefreshed(
	ctx context.Context, contents seal.Contents, application *models.Application, now time.Time,
) (isExpired bool, err error) {
	err = o.judge(contents, application, now)
	if !errors.Is(err, &models.Error{Reason: models.ReasonTokenExpired}) {
		return false, err
	}
	isExpired, failed := o.isExpired(ctx, contents, now)
	switch {
	case failed != nil:
		return false, failed
	case !isExpired:
		return false, busy()
	}
	return true, err
}

// usableAccount is account for one that may be refreshed with. A locked account may: a lock stops
// guessing, and must not let a stranger sign the owner out.
func (o *Office) usableAccount(
	ctx context.Context, contents seal.Contents, selection *accounts.Selection, now time.Time,
) (*models.CustomerAccount, error) {
	account, err := o.account(ctx, contents, selection, now)
	if err != nil || account.IsAnonymous || account.IsActive {
		return account, err
	}
	account, err = o.Accounts.LatestAccount(ctx, contents.UserID, selection, now)
	if errors.Is(err, accounts.ErrNotFound) {
		return nil, o.deletedAccount(ctx, contents)
	}
	if err != nil || account.IsActive {
		return account, err
	}

	// Where a sign-in and the deactivation met on two nodes, the session has been left over.
	if _, err := o.endIfStored(ctx, contents.SessionID, models.ReasonAccountInactive); err != nil {
		return nil, err
	}
	return nil, &models.Error{Reason: models.ReasonAccountInactive, Replaceable: true}
}

// refreshing is one refresh on its way.
type refreshing struct {
	contents seal.Contents
	// attemptHash is nil when the client has sent no attempt.
	attemptHash []byte
	// isExpired says that the token can only be repeated.
	isExpired bool
	// source is that of the row, where it is the first.
	source string
	// gone is closed when nobody waits for the answer any more.
	gone <-chan struct{}
	now  time.Time
}

// advance moves the session of a token to its next generation. It returns the session as this call
// has moved it, or another one with the same right to the ticket.
func (o *Office) advance(ctx context.Context, policy Policy, r refreshing) (*models.Session, error) {
	next := r.next(policy)
	if !r.now.Before(next.ExpiresAt) { // the session's lifetime was shortened since
		return nil, &models.Error{Reason: models.ReasonTokenExpired}
	}

	var session *models.Session
	move := func(again bool) (bool, error) {
		var limited error
		if !r.isExpired {
			moved, err := o.move(ctx, r, next, again)
			if errors.Is(err, errTooManyRows) { // a second tab writes none
				limited, err = err, nil
			}
			if moved || err != nil {
				session = next
				return true, err
			}
		}
		present, err := o.Store.Session(ctx, r.contents.SessionID)
		switch {
		case errors.Is(err, storage.ErrNotFound):
			return r.isExpired || limited != nil, limited
		case err != nil:
			return true, err
		}
		if !r.isExpired && present.EndedAt == nil && present.Generation <= r.contents.Generation {
			return false, nil // the database is behind the token
		}
		session, err = o.successor(ctx, r, present)
		return true, err
	}
	invalid := func() error { return &models.Error{Reason: models.ReasonTokenInvalid} }
	if err := o.untilCaughtUp(ctx, r.contents, r.now, move, invalid); err != nil {
		return nil, err
	}
	if session == nil {
		return nil, &models.Error{Reason: models.ReasonTokenExpired}
	}
	return session, nil
}

// next returns the session as a refresh leaves it.
func (r refreshing) next(policy Policy) *models.Session {
	next := sessionOf(r.contents)
	next.Generation++
	next.AttemptHash = r.attemptHash
	next.RefreshedAt = r.now
	next.ExpiresAt = policy.refreshExpiration(r.contents.Anonymous, r.contents.StartedAt, r.now)
	next.PurgeAt = purgeAt(later(r.contents.ExpiresAt, next.ExpiresAt))
	return next
}

// move makes the one conditional statement that decides a refresh. The first attempt
// has no effect if the database runs it after the deadline, by its own clock. A further one does not
// ask the time: that clock may have been set, and the database has just answered.
func (o *Office) move(ctx context.Context, r refreshing, next *models.Session, again bool) (bool, error) {
	timing := storage.InTime
	if again {
		timing = storage.AtAnyTime
	}
	if !unwritten(r.contents) {
		return o.Store.AdvanceSession(ctx, next, timing)
	}
	return o.writeFirst(r.source, r.now, func() (bool, error) { return o.Store.BeginSession(ctx, next, timing) })
}

// successor returns the present state of a session that a token did not move, if it is what the
// token gives. The reasons of its errors are TOKEN_EXPIRED, TOKEN_REUSED, and those for which a
// session ends.
func (o *Office) successor(ctx context.Context, r refreshing, present storage.StoredSession) (*models.Session, error) {
	isNext := present.Generation == r.contents.Generation+1
	switch {
	case present.EndedAt != nil:
		return nil, &models.Error{Reason: present.EndReason, Replaceable: true}
	case isNext && isRepetition(&present.Session, r.attemptHash) && !o.hasExpired(present, r.now):
		return &present.Session, nil
	case r.isExpired, isNext && isRepetition(&present.Session, r.attemptHash):
		return nil, &models.Error{Reason: models.ReasonTokenExpired}
	case isNext && !o.isReused(present, r.now):
		return &present.Session, nil
	case r.isAbandoned(): // its own repetition, and a refresh with the next token, may have overtaken it
		o.reuseLog(r.contents, present.Generation).WarnContext(ctx,
			"refresh token used again by a client that has gone: session goes on")
		return nil, &models.Error{Reason: models.ReasonTokenReused}
	default:
		return nil, o.endReused(ctx, r.contents, present.Generation)
	}
}

// isAbandoned reports whether the client has gone without the answer. One that has only closed its
// half of the connection counts as gone too, and can read that it gets no ticket.
func (r refreshing) isAbandoned() bool {
	select {
	case <-r.gone:
		return true
	default:
		return false
	}
}

// endReused ends a session whose token was used twice, by a thief or by the owner behind a thief;
// nobody can tell which.
func (o *Office) endReused(ctx context.Context, contents seal.Contents, present int64) error {
	ended, err := o.endStored(ctx, contents.SessionID, contents.UserID, models.ReasonTokenReused)
	if err != nil {
		return err
	}
	if ended {
		o.reuseLog(contents, present).WarnContext(ctx, "refresh token used again: session ended")
	}
	return &models.Error{Reason: models.ReasonTokenReused}
}

// reuseLog is the log for a token that was used again, while its session was at a later generation.
func (o *Office) reuseLog(contents seal.Contents, present int64) *slog.Logger {
	return o.Log.With("session", models.ID(contents.SessionID), "user", models.ID(contents.UserID),
		"anonymous", contents.Anonymous, "generation", contents.Generation, "present", present)
}
