package tickets

import (
	"fmt"
	"time"

	"github.com/maypok86/otter/v2"
)

// sourcesRemembered is how many sources are remembered, at about 200 bytes each. If there are more,
// some are forgotten.
const sourcesRemembered = 50_000

// counter counts up to a limit in a time window, for each source. It counts within this process.
type counter struct {
	limit   int
	window  time.Duration
	sources *otter.Cache[string, counted]
}

// counted is the count of a source, and when its window began.
type counted struct {
	number int
	since  time.Time
}

func newCounter(limit int, window time.Duration) (*counter, error) {
	sources, err := otter.New(&otter.Options[string, counted]{
		MaximumSize:      sourcesRemembered,
		ExpiryCalculator: otter.ExpiryWriting[string, counted](window),
	})
	if err != nil {
		return nil, fmt.Errorf("count for each source: %w", err)
	}
	return &counter{limit, window, sources}, nil
}

// reserve adds one to the count of a source, and returns the new count. If the limit was reached
// before, it adds nothing, and returns how long the source must wait until its window ends.
func (c *counter) reserve(source string, now time.Time) (number int, wait time.Duration) {
	c.sources.Compute(source, func(current counted, found bool) (counted, otter.ComputeOp) {
		if !found || now.Sub(current.since) >= c.window {
			current = counted{since: now}
		}

		if number = current.number; number >= c.limit {
			wait = max(time.Nanosecond, current.since.Add(c.window).Sub(now))
			return current, otter.CancelOp
		}

		current.number++
		number = current.number
		return current, otter.WriteOp
	})
	return number, wait
}

// release takes back what reserve added. A source whose count is 0 is forgotten, so that it does
// not push out others.
func (c *counter) release(source string) {
	c.sources.ComputeIfPresent(source, func(current counted) (counted, otter.ComputeOp) {
		current.number--
		if current.number <= 0 {
			return current, otter.InvalidateOp
		}
		return current, otter.WriteOp
	})
}
