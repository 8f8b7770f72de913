package inbound

import (
	"sync"
	"time"
)

// recent remembers what came up within the last minute.
type recent struct {
	mutex sync.Mutex
	since map[string]time.Time
}

// mostRecent is how many things are remembered. All further ones count as one.
const mostRecent = 50

// isNew reports whether a thing has not come up for a minute. If so, its minute starts now.
func (r *recent) isNew(thing string) bool {
	return r.isNewAt(thing, time.Now()) //nolint:forbidigo // only for the log
}

func (r *recent) isNewAt(thing string, now time.Time) bool {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	if r.since == nil {
		r.since = map[string]time.Time{}
	}

	isOver := func(since time.Time) bool { return now.Sub(since) >= time.Minute }

	since, known := r.since[thing]
	if !known && len(r.since) >= mostRecent {
		for other, since := range r.since {
			if isOver(since) {
				delete(r.since, other)
			}
		}
		if len(r.since) >= mostRecent {
			thing = "others"
			since, known = r.since[thing]
		}
	}

	if known && !isOver(since) {
		return false
	}
	r.since[thing] = now
	return true
}
