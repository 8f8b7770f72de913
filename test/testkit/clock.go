package testkit

import (
	"strings"
	"sync"
	"time"
)

// Clock is a clock that only the test moves. The database has its own clock, which the test can
// move separately.
type Clock struct {
	mutex    sync.Mutex
	now      time.Time
	elapsed  time.Duration
	database time.Duration // how far the database's clock is ahead
}

// NewClock returns a clock that shows the instant now.
func NewClock(now time.Time) *Clock { return &Clock{now: now} }

// Now returns what the clock shows.
func (c *Clock) Now() time.Time {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	return c.now
}

// Elapsed returns how much time has passed. Steps do not change it.
func (c *Clock) Elapsed() time.Duration {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	return c.elapsed
}

// Pass lets time pass, on every clock.
func (c *Clock) Pass(d time.Duration) {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	c.now = c.now.Add(d)
	c.elapsed += d
}

// Step moves the server's clock. No time passes, and the database's clock stays as it is.
func (c *Clock) Step(d time.Duration) {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	c.now = c.now.Add(d)
	c.database -= d
}

// StepDatabase moves the database's clock. No time passes.
func (c *Clock) StepDatabase(d time.Duration) {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	c.database += d
}

// OfDatabase makes a statement for MySQL use the database's clock in c instead of the real one.
func (c *Clock) OfDatabase(statement string) string {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	now := c.now.Add(c.database).UTC().Format("2006-01-02 15:04:05.000000")
	return strings.ReplaceAll(statement, "UTC_TIMESTAMP(6)", "TIMESTAMP'"+now+"'")
}
