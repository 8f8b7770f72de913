package test_test

import (
	"strings"
	"sync"
	"time"
)

// clock is a clock that moves when it is told to. The database has one of its own.
type clock struct {
	mutex    sync.Mutex
	now      time.Time
	elapsed  time.Duration
	database time.Duration // how far the database's is ahead
}

func (c *clock) Now() time.Time {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	return c.now
}

func (c *clock) Elapsed() time.Duration {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	return c.elapsed
}

// pass lets time pass, on every clock.
func (c *clock) pass(d time.Duration) {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	c.now = c.now.Add(d)
	c.elapsed += d
}

// step sets the server's clock. No time passes, and the database's clock stays as it is.
func (c *clock) step(d time.Duration) {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	c.now = c.now.Add(d)
	c.database -= d
}

// stepDatabase sets the database's clock.
func (c *clock) stepDatabase(d time.Duration) {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	c.database += d
}

// ofDatabase makes a statement ask the test's clock.
func (c *clock) ofDatabase(statement string) string {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	now := c.now.Add(c.database).UTC().Format("2006-01-02 15:04:05.000000")
	return strings.ReplaceAll(statement, "UTC_TIMESTAMP(6)", "TIMESTAMP'"+now+"'")
}
