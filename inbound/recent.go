package inbound

import (
	"sync"
	"time"
)

// recent remembers which events were logged within the last minute.
type recent struct {
	mutex sync.Mutex
	since map[string]time.Time
}

// mostRecent is how many events are remembered. All further ones count as one.
const mostRecent = 50

// isNew reports whether an event was not logged for a minute. If so, its minute starts now.
func (r *recent) isNew(event string) bool {
	return r.isNewAt(event, time.Now()) //nolint:forbidigo // only for the log
}

func (r *recent) isNewAt(event string, now time.Time) bool {
	r.mutex.Lock()
	defer r.mutex.Unlock()
	if r.since == nil {
		r.since = map[string]time.Time{}
	}

	isOver := func(since time.Time) bool { return now.Sub(since) >= time.Minute }

	since, isKnown := r.since[event]
	if !isKnown && len(r.since) >= mostRecent {
		for other, since := range r.since {
			if isOver(since) {
				delete(r.since, other)
			}
		}
		if len(r.since) >= mostRecent {
			event = "others"
			since, isKnown = r.since[event]
		}
	}

	if isKnown && !isOver(since) {
		return false
	}
	r.since[event] = now
	return true
}
