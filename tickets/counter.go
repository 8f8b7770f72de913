package tickets

import (
	"fmt"
	"time"

	"github.com/maypok86/otter/v2"
)

// sourcesRemembered limits how many sources are remembered, at about 200 bytes each. If there are
// more, those that counted longest ago are forgotten.
const sourcesRemembered = 50_000

// counter counts for each source, within this process, up to a limit in a time window.
type counter struct {
	limit   int
	window  time.Duration
	sources *otter.Cache[string, counted]
}

// counted is a count, and when its window began.
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

// reserve counts one for a source, and returns how many there are in its window. If the limit was
// reached before, it counts nothing, and returns how long the source must wait until its window
// ends.
func (c *counter) reserve(source string, now time.Time) (number int, wait time.Duration) {
	c.sources.Compute(source, func(present counted, found bool) (counted, otter.ComputeOp) {
		if !found || now.Sub(present.since) >= c.window {
			present = counted{since: now}
		}

		if number = present.number; number >= c.limit {
			wait = max(time.Nanosecond, present.since.Add(c.window).Sub(now))
			return present, otter.CancelOp
		}

		present.number++
		number = present.number
		return present, otter.WriteOp
	})
	return number, wait
}

// release takes back what reserve counted. A source with nothing left is forgotten, so that it does
// not push out others.
func (c *counter) release(source string) {
	c.sources.ComputeIfPresent(source, func(present counted) (counted, otter.ComputeOp) {
		present.number--
		if present.number <= 0 {
			return present, otter.InvalidateOp
		}
		return present, otter.WriteOp
	})
}
