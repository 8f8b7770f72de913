package tickets

import (
	"context"
	"sync"
	"time"

	"github.com/authtickets/authtickets/seal"
	"github.com/authtickets/authtickets/storage"
)

// Clocks may be wrong: those of servers and of the nodes of the database differ, and step when
// somebody sets them. What cannot be taken back, such as ending a session, is therefore decided
// only when all clocks agree that it is time: the server's, the database's, and how much time has
// passed since the server began, which does not step.

// moment is one instant on the two clocks of a server.
type moment struct {
	wall    time.Time
	elapsed time.Duration
}

// steadyClock shows what the server's clock would show if nobody had set it lately.
type steadyClock struct {
	mutex sync.Mutex
	// anchor is a moment from which time is counted.
	anchor moment
	// off is how far the server's clock has been off since offSince, and does not change any more.
	off      time.Duration
	offSince time.Duration
}

// settingTime is how long a clock that was set must go on evenly before it is believed again.
const settingTime = 10 * time.Minute

// at returns what the clock shows.
func (c *steadyClock) at(elapsed time.Duration) time.Time {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	return c.anchor.wall.Add(elapsed - c.anchor.elapsed)
}

// follow lets the clock know what the server's clock shows. It believes a new time when that has
// gone on evenly for a while: somebody may have put a wrong clock right.
func (c *steadyClock) follow(now moment) {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	off := now.wall.Sub(c.anchor.wall.Add(now.elapsed - c.anchor.elapsed))
	switch {
	case off.Abs() < time.Second:
		c.off, c.offSince = 0, now.elapsed
	case (off - c.off).Abs() >= time.Second:
		c.off, c.offSince = off, now.elapsed
	case now.elapsed-c.offSince >= settingTime:
		c.anchor, c.off, c.offSince = now, 0, now.elapsed
	}
}

// steady is what the server's clock would show if nobody had set it lately.
func (o *Office) steady() time.Time { return o.steadyClock.at(o.Elapsed()) }

// longAgo reports whether an instant of a server's clock is longer ago than a duration, as far as
// the server can tell by itself.
func (o *Office) longAgo(at time.Time, duration time.Duration, now time.Time) bool {
	return now.Sub(at) > duration && o.steady().Sub(at) > duration
}

// hasPassed reports whether an instant has come, as far as the server can tell by itself.
func (o *Office) hasPassed(at, now time.Time) bool { return !now.Before(at) && !o.steady().Before(at) }

// isReused reports whether a refresh token whose successor is the present ticket of a session was
// presented too late: the reuse window is over.
func (o *Office) isReused(present storage.StoredSession, now time.Time) bool {
	movedAt := present.RefreshedAt
	if present.MovedAt != nil { // an earlier version moves a session without saying so
		movedAt = later(movedAt, *present.MovedAt)
	}
	window := o.Policy.ReuseWindow
	return o.longAgo(present.RefreshedAt, window, now) && present.ReadAt.Sub(movedAt) > window
}

// hasExpired reports whether a session that has not ended is over all the same.
func (o *Office) hasExpired(present storage.StoredSession, now time.Time) bool {
	return o.hasPassed(present.ExpiresAt, now) && !present.ReadAt.Before(present.ExpiresAt)
}

// isExpired reports whether a refresh token has expired, as far as all clocks agree.
func (o *Office) isExpired(ctx context.Context, contents seal.Contents, now time.Time) (bool, error) {
	if !o.hasPassed(contents.ExpiresAt, now) {
		return false, nil
	}
	byDatabase, err := o.Store.Clock(ctx)
	return !byDatabase.Before(contents.ExpiresAt), err
}

// mayBeEarly reports whether a token is so young that a node of the database may not show yet what
// it says.
func (o *Office) mayBeEarly(ctx context.Context, contents seal.Contents, now time.Time) (bool, error) {
	if !o.longAgo(contents.IssuedAt, o.Policy.DatabaseLag, now) {
		return true, nil
	}
	byDatabase, err := o.Store.Clock(ctx)
	return byDatabase.Sub(contents.IssuedAt) <= o.Policy.DatabaseLag, err
}
