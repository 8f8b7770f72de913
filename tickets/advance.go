package tickets

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/authtickets/authtickets/models"
	"github.com/authtickets/authtickets/seal"
	"github.com/authtickets/authtickets/storage"
)

// refreshRequest is a refresh whose token has been checked.
type refreshRequest struct {
	contents seal.Contents
	// next is the session as this refresh would leave it. Its attempt hash is nil if the client
	// sent no attempt.
	next *models.Session
	// isExpired says that the token has expired, so that it can only repeat a refresh.
	isExpired bool
	// source is where the refresh comes from. If it writes the session's first row, the row counts
	// for this source. If source is empty, the row is not counted.
	source string
	// gone is closed when the client no longer waits for the answer.
	gone <-chan struct{}
	now  time.Time
}

// nextSession returns the session of a token as a refresh leaves it.
func (p Policy) nextSession(contents seal.Contents, attemptHash []byte, now time.Time) *models.Session {
	next := sessionOf(contents)
	next.Generation++
	next.AttemptHash = attemptHash
	next.RefreshedAt = now
	next.ExpiresAt = p.refreshExpiration(contents.Anonymous, contents.StartedAt, now)
	next.PurgeAt = purgeAt(later(contents.ExpiresAt, next.ExpiresAt))
	return next
}

// refreshOutcome is what the database decides about a refresh.
type refreshOutcome int

const (
	// refreshMoved means that this refresh moved the session to the next generation.
	refreshMoved refreshOutcome = iota
	// refreshRepeated means that the same attempt has already moved the session.
	refreshRepeated
	// refreshShared means that another refresh with the same token moved the session within the
	// reuse window.
	refreshShared
	// refreshEarly means that the database lags: it does not show yet what the token implies.
	refreshEarly
	// refreshSessionEnded means that the session has ended, for the reason in its row.
	refreshSessionEnded
	// refreshExpired means that the token has expired, or the ticket that it would repeat.
	refreshExpired
	// refreshReused means that the token was used before, by a thief or by the owner.
	refreshReused
	// refreshAbandoned means the same, but the client no longer waits. Its own repetition, and a
	// refresh with the next token, may have overtaken this request.
	refreshAbandoned
)

// advance moves the session of a token to its next generation, and returns the moved session. If an
// earlier refresh moved it, and this client may have that ticket, too, it returns the session as it
// is. The reasons of its errors are TOKEN_EXPIRED, TOKEN_REUSED, TOKEN_INVALID, BUSY, and those for
// which a session ends.
func (o *Office) advance(ctx context.Context, r refreshRequest) (*models.Session, error) {
	if !r.now.Before(r.next.ExpiresAt) { // the session's lifetime was shortened since
		return nil, &models.Error{Reason: models.ReasonTokenExpired}
	}

	var session *models.Session
	try := func(again bool) (settled bool, err error) {
		outcome, stored, err := o.tryAdvance(ctx, r, again)
		if err != nil {
			return true, err
		}

		switch outcome {
		case refreshMoved:
			session = r.next
		case refreshRepeated, refreshShared:
			session = &stored.Session
		case refreshEarly:
			return false, nil
		case refreshSessionEnded:
			err = &models.Error{Reason: stored.EndReason, Replaceable: true}
		case refreshExpired:
			err = &models.Error{Reason: models.ReasonTokenExpired}
		case refreshReused:
			err = o.endReused(ctx, r.contents, stored.Generation)
		case refreshAbandoned:
			err = o.spareAbandoned(ctx, r.contents, stored.Generation)
		}
		return true, err
	}
	missing := func() error { return &models.Error{Reason: models.ReasonTokenInvalid} }

	if err := o.untilCaughtUp(ctx, r.contents, r.now, try, missing); err != nil {
		return nil, err
	}
	return session, nil
}

// tryAdvance tries once to move a session. If the session does not move, it reads the row to find
// out why, and returns the row, too.
func (o *Office) tryAdvance(
	ctx context.Context, r refreshRequest, again bool,
) (refreshOutcome, storage.StoredSession, error) {
	var tooManyRows error
	if !r.isExpired {
		moved, err := o.move(ctx, r, again)
		switch {
		case errors.Is(err, errTooManyRows): // but another refresh may have written the row
			tooManyRows = err
		case moved || err != nil:
			return refreshMoved, storage.StoredSession{}, err
		}
	}

	stored, err := o.Store.Session(ctx, r.contents.SessionID)
	switch {
	case errors.Is(err, storage.ErrNotFound) && r.isExpired:
		return refreshExpired, stored, nil
	case errors.Is(err, storage.ErrNotFound):
		return refreshEarly, stored, tooManyRows
	case err != nil:
		return refreshEarly, stored, err
	}
	return o.outcomeOf(r, stored), stored, nil
}

// move runs the one conditional statement that decides a refresh, and reports whether it moved the
// session. The first time, the database does not run it after the deadline by its own clock. Later
// times ignore that clock: it may be wrong, and the database has just answered.
func (o *Office) move(ctx context.Context, r refreshRequest, again bool) (bool, error) {
	timing := storage.InTime
	if again {
		timing = storage.AtAnyTime
	}

	if !unwritten(r.contents) {
		return o.Store.AdvanceSession(ctx, r.next, timing)
	}
	return o.rowLimit.write(r.source, r.now, func() (bool, error) { return o.Store.BeginSession(ctx, r.next, timing) })
}

// outcomeOf returns the outcome of a refresh that did not move its session.
func (o *Office) outcomeOf(r refreshRequest, stored storage.StoredSession) refreshOutcome {
	isNext := stored.Generation == r.next.Generation
	repeats := isNext && isRepetition(&stored.Session, r.next.AttemptHash)

	switch {
	case stored.EndedAt != nil:
		return refreshSessionEnded
	case repeats && !o.clocks.sessionExpired(stored, r.now):
		return refreshRepeated
	case repeats || r.isExpired:
		return refreshExpired
	case stored.Generation < r.next.Generation:
		return refreshEarly
	case isNext && !o.clocks.isReused(stored, o.Policy.ReuseWindow, r.now):
		return refreshShared
	case r.isAbandoned():
		return refreshAbandoned
	default:
		return refreshReused
	}
}

// isAbandoned reports whether the client no longer waits for the answer. A client that has only
// closed its sending half counts, too. It can read that it gets no ticket.
func (r refreshRequest) isAbandoned() bool {
	select {
	case <-r.gone:
		return true
	default:
		return false
	}
}

// endReused ends a session whose token was used again, and returns the error that says so. Either
// the thief or the owner was late, and nobody can tell which.
func (o *Office) endReused(ctx context.Context, contents seal.Contents, generation int64) error {
	ended, err := o.endStored(ctx, contents.SessionID, contents.UserID, models.ReasonTokenReused)
	if err != nil {
		return err
	}

	if ended {
		o.reuseLog(contents, generation).WarnContext(ctx, "refresh token used again: session ended")
	}
	return &models.Error{Reason: models.ReasonTokenReused}
}

// spareAbandoned logs that a client that has gone used a token again, and returns the error for it.
// The session goes on.
func (o *Office) spareAbandoned(ctx context.Context, contents seal.Contents, generation int64) error {
	o.reuseLog(contents, generation).WarnContext(ctx,
		"refresh token used again by a client that has gone: session goes on")
	return &models.Error{Reason: models.ReasonTokenReused}
}

// reuseLog returns the log for a token that was used again. generation is the session's.
func (o *Office) reuseLog(contents seal.Contents, generation int64) *slog.Logger {
	return o.Log.With(
		"session", models.ID(contents.SessionID),
		"user", models.ID(contents.UserID),
		"anonymous", contents.Anonymous,
		"generation", contents.Generation,
		"present", generation,
	)
}
