package shoppers

import "sync"

// Count says how many requests had which outcome.
type Count struct {
	// Requests is the number of all requests.
	Requests int
	// Succeeded and Refused are final answers. Refused means that a session is over.
	Succeeded, Refused int
	// Busy and TimedOut are answers that tell the client to retry.
	Busy, TimedOut int
	// Disconnected are connections that failed. Dropped are answers that the client did not wait
	// for.
	Disconnected, Dropped int
	// Unexpected are answers that no honest client should get.
	Unexpected int
}

// figures are what the crowd counts and measures.
type figures struct {
	mutex      sync.Mutex
	counts     map[string]*Count
	unexpected map[string][]string
	latencies  []latency
}

func newFigures() *figures {
	return &figures{counts: map[string]*Count{}, unexpected: map[string][]string{}}
}

func (f *figures) count(phase string, o outcome) {
	f.mutex.Lock()
	defer f.mutex.Unlock()

	count := f.counts[phase]
	if count == nil {
		count = &Count{}
		f.counts[phase] = count
	}

	count.Requests++
	switch o {
	case succeeded, mustRefresh:
		count.Succeeded++
	case refused:
		count.Refused++
	case busy:
		count.Busy++
	case timedOut:
		count.TimedOut++
	case disconnected:
		count.Disconnected++
	case dropped:
		count.Dropped++
	case unexpected:
		count.Unexpected++
	}
}

// keep remembers the first unexpected answers of each phase.
func (f *figures) keep(phase, text string) {
	const most = 5

	f.mutex.Lock()
	defer f.mutex.Unlock()

	if kept := f.unexpected[phase]; len(kept) < most {
		f.unexpected[phase] = append(kept, text)
	}
}

// Count returns the outcomes of the requests of a phase.
func (c *Crowd) Count(phase string) Count {
	c.figures.mutex.Lock()
	defer c.figures.mutex.Unlock()

	if count := c.figures.counts[phase]; count != nil {
		return *count
	}
	return Count{}
}

// Unexpected returns the first unexpected answers of a phase.
func (c *Crowd) Unexpected(phase string) []string {
	c.figures.mutex.Lock()
	defer c.figures.mutex.Unlock()
	return c.figures.unexpected[phase]
}
