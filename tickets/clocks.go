package tickets

import (
	"context"
	"time"

	"github.com/authtickets/authtickets/seal"
	"github.com/authtickets/authtickets/storage"
)

// Clocks may be wrong: those of servers and of the nodes of the database differ, and step when
// somebody sets them. What cannot be taken back, such as ending a session, is therefore decided only
// when all clocks agree that it is time: the server's, the database's, and how much time has passed
// since the server began, which does not step.

// moment is one instant on the two clocks of a server.
type moment struct {
	wall    time.Time
	elapsed time.Duration
}

// steady is the time that it would be if the server's clock had not been set since the office was
// opened.
func (o *Office) steady() time.Time { return o.openedAt.wall.Add(o.Elapsed() - o.openedAt.elapsed) }

// longAgo reports whether an instant of a server's clock is longer ago than a duration, as far as the
// server can tell by itself.
func (o *Office) longAgo(at time.Time, duration time.Duration, now time.Time) bool {
	return now.Sub(at) > duration && o.steady().Sub(at) > duration
}

// isReused reports whether a refresh token whose successor is the present ticket of a session was
// presented too late: the reuse window is over.
func (o *Office) isReused(present storage.StoredSession, now time.Time) bool {
	movedAt := present.RefreshedAt
	if present.MovedAt != nil {
		movedAt = *present.MovedAt
	}
	window := o.Policy.ReuseWindow
	return o.longAgo(present.RefreshedAt, window, now) && present.ReadAt.Sub(movedAt) > window
}

// hasExpired reports whether a session that has not ended is over all the same.
func (o *Office) hasExpired(present storage.StoredSession, now time.Time) bool {
	return o.longAgo(present.ExpiresAt, 0, now) && present.ReadAt.After(present.ExpiresAt)
}

// mayBeEarly reports whether a token is so young that a node of the database may not show yet what it
// says.
func (o *Office) mayBeEarly(ctx context.Context, contents seal.Contents, now time.Time) (bool, error) {
	if !o.longAgo(contents.IssuedAt, o.Policy.DatabaseLag, now) {
		return true, nil
	}
	byDatabase, err := o.Store.Clock(ctx)
	return byDatabase.Sub(contents.IssuedAt) <= o.Policy.DatabaseLag, err
}
