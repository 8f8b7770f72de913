package verify

import (
	"crypto/sha256"
	"time"
)

// recent remembers the newest entries, between half of its capacity and all of it. It forgets the
// older half all at once, so that nothing needs to be sorted by age.
type recent struct {
	half       int
	young, old map[[sha256.Size]byte]remembered
}

type remembered struct {
	shopper *Shopper
	until   time.Time
}

func newRecent(capacity int) recent {
	return recent{half: max(1, capacity/2), young: map[[sha256.Size]byte]remembered{}}
}

// get returns the value of a key, if it has not expired.
func (r *recent) get(key [sha256.Size]byte, now time.Time) (*Shopper, bool) {
	entry, ok := r.young[key]
	if !ok {
		entry, ok = r.old[key]
	}
	return entry.shopper, ok && now.Before(entry.until)
}

func (r *recent) put(key [sha256.Size]byte, shopper *Shopper, until time.Time) {
	if len(r.young) >= r.half {
		r.old, r.young = r.young, make(map[[sha256.Size]byte]remembered, r.half)
	}
	r.young[key] = remembered{shopper, until}
}
