package tickets

import (
	"context"
	"sync"
	"time"

	"github.com/authtickets/authtickets/seal"
	"github.com/authtickets/authtickets/storage"
)

// clocks are all clocks that a server can read. Any of them may be wrong: those of servers and of
// the nodes of the database differ, and step when somebody sets them.
//
// What cannot be undone, such as ending a session, is therefore decided only if all clocks agree
// that it is time. They are the server's clock, the database's clock, and the time that has passed
// since the server began, which does not step.
type clocks struct {
	wall    func() time.Time
	elapsed func() time.Duration
	store   *storage.Store

	// mutex guards the fields below, which make up a clock that does not step with wall.
	mutex sync.Mutex
	// anchor is a moment from which time is counted.
	anchor moment
	// off is how far wall is off since offSince, without a further change.
	off      time.Duration
	offSince time.Duration
}

// moment is one instant on the two clocks of a server.
type moment struct {
	wall    time.Time
	elapsed time.Duration
}

func newClocks(office *Office) *clocks {
	c := &clocks{wall: office.Now, elapsed: office.Elapsed, store: office.Store}
	c.anchor = c.moment()
	return c
}

// now returns the instant of an operation, in the resolution that rows and tokens keep.
func (c *clocks) now() time.Time { return c.wall().UTC().Truncate(time.Microsecond) }

// moment returns the present moment.
func (c *clocks) moment() moment { return moment{c.now(), c.elapsed()} }

// steady returns what wall would show if nobody had set it lately.
func (c *clocks) steady() time.Time {
	elapsed := c.elapsed()
	c.mutex.Lock()
	defer c.mutex.Unlock()
	return c.anchor.wall.Add(elapsed - c.anchor.elapsed)
}

// settingTime is how long a clock that was set must run evenly before it is believed again.
const settingTime = 10 * time.Minute

// follow tells the steady clock what wall shows. It believes a new time after that has run evenly
// for a while: somebody may have corrected a wrong clock.
func (c *clocks) follow(now moment) {
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

// longAgo reports whether an instant is longer ago than a duration, by the server's own clocks.
func (c *clocks) longAgo(at time.Time, duration time.Duration, now time.Time) bool {
	return now.Sub(at) > duration && c.steady().Sub(at) > duration
}

// hasPassed reports whether an instant has come, by the server's own clocks.
func (c *clocks) hasPassed(at, now time.Time) bool { return !now.Before(at) && !c.steady().Before(at) }

// isReused reports whether a refresh token came too late, after the reuse window. present is its
// session, which is one generation ahead of the token.
func (c *clocks) isReused(present storage.StoredSession, window time.Duration, now time.Time) bool {
	movedAt := present.RefreshedAt
	if present.MovedAt != nil { // an earlier version of the server does not set it
		movedAt = later(movedAt, *present.MovedAt)
	}
	return c.longAgo(present.RefreshedAt, window, now) && present.ReadAt.Sub(movedAt) > window
}

// sessionExpired reports whether a session that has not ended has expired.
func (c *clocks) sessionExpired(present storage.StoredSession, now time.Time) bool {
	return c.hasPassed(present.ExpiresAt, now) && !present.ReadAt.Before(present.ExpiresAt)
}

// tokenExpired reports whether a refresh token has expired. It asks the database only if the
// server's own clocks say so.
func (c *clocks) tokenExpired(ctx context.Context, contents seal.Contents, now time.Time) (bool, error) {
	if !c.hasPassed(contents.ExpiresAt, now) {
		return false, nil
	}
	byDatabase, err := c.store.Clock(ctx)
	return !byDatabase.Before(contents.ExpiresAt), err
}

// mayBeEarly reports whether a token is so young that a node of the database may not show yet what
// the token implies. lag is how far a node may be behind.
func (c *clocks) mayBeEarly(
	ctx context.Context, contents seal.Contents, lag time.Duration, now time.Time,
) (bool, error) {
	if !c.longAgo(contents.IssuedAt, lag, now) {
		return true, nil
	}
	byDatabase, err := c.store.Clock(ctx)
	return byDatabase.Sub(contents.IssuedAt) <= lag, err
}
