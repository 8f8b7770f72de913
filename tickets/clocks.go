package tickets

import (
	"context"
	"sync"
	"time"

	"github.com/authtickets/authtickets/seal"
	"github.com/authtickets/authtickets/storage"
)

// clocks are all clocks that a server can read. The clocks of servers and of database nodes differ,
// and jump when somebody sets them. So any of them may be wrong.
//
// What cannot be undone, such as ending a session, is decided only if all clocks agree that it is
// time. These are the server's clock, the database's clock, and a steady clock, which counts the
// time since the server began and never jumps.
type clocks struct {
	wall    func() time.Time
	elapsed func() time.Duration
	store   *storage.Store

	// mutex guards the fields below. They are the steady clock, which does not jump when wall does.
	mutex sync.Mutex
	// anchor is the moment from which the steady clock counts.
	anchor moment
	// off is how far wall is ahead of the steady clock. It has been about the same since offSince.
	off      time.Duration
	offSince time.Duration
}

// moment is what wall and elapsed show at one instant.
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

// moment reads both clocks.
func (c *clocks) moment() moment { return moment{c.now(), c.elapsed()} }

// steady returns what wall would show if nobody had set it lately.
func (c *clocks) steady() time.Time {
	elapsed := c.elapsed()
	c.mutex.Lock()
	defer c.mutex.Unlock()
	return c.anchor.wall.Add(elapsed - c.anchor.elapsed)
}

// settingTime is how long a clock must run evenly after it was set, before it is believed again.
const settingTime = 10 * time.Minute

// follow tells the steady clock what wall shows. If wall was set, the steady clock takes over its
// time after settingTime: somebody may have corrected a wrong clock.
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

// isReused reports whether a refresh token came after the reuse window. stored is its session,
// which is one generation ahead of the token.
func (c *clocks) isReused(stored storage.StoredSession, window time.Duration, now time.Time) bool {
	movedAt := stored.RefreshedAt
	if stored.MovedAt != nil { // an earlier version of the server does not set it
		movedAt = later(movedAt, *stored.MovedAt)
	}
	return c.longAgo(stored.RefreshedAt, window, now) && stored.ReadAt.Sub(movedAt) > window
}

// sessionExpired reports whether a session that has not ended has expired.
func (c *clocks) sessionExpired(stored storage.StoredSession, now time.Time) bool {
	return c.hasPassed(stored.ExpiresAt, now) && !stored.ReadAt.Before(stored.ExpiresAt)
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

// mayBeEarly reports whether a token is so new that a database node may not show yet what the token
// implies. lag is how far a node may be behind.
func (c *clocks) mayBeEarly(
	ctx context.Context, contents seal.Contents, lag time.Duration, now time.Time,
) (bool, error) {
	if !c.longAgo(contents.IssuedAt, lag, now) {
		return true, nil
	}
	byDatabase, err := c.store.Clock(ctx)
	return byDatabase.Sub(contents.IssuedAt) <= lag, err
}
