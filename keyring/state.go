package keyring

import (
	"context"
	"time"

	"github.com/authtickets/authtickets/models"
	"github.com/authtickets/authtickets/timing"
)

// State is what a keyset is good for at an instant.
type State string

// The states, in the order a keyset goes through them.
const (
	// Next is published, so that all know it, and not used yet.
	Next State = "next"
	// InUse seals and signs what is made now.
	InUse State = "in use"
	// Old opens, and verifies, what was made under it.
	Old State = "old"
)

// Entry is a keyset in a list.
type Entry struct {
	Purpose     models.KeyPurpose
	Number      int
	State       State
	PublishedAt time.Time
	UsedFrom    time.Time
	// RetiresAt is from when on an old one is not needed any more; nil for the others.
	RetiresAt *time.Time
}

// List returns the keysets of the database, in order of their purposes and numbers.
func (r *Ring) List(ctx context.Context) ([]Entry, error) {
	rows, err := r.Store.Keysets(ctx)
	if err != nil {
		return nil, err
	}

	now := r.now()
	var entries []Entry
	for _, purpose := range purposes() {
		entries = append(entries, entriesOf(of(rows, purpose), r.life(purpose), now)...)
	}
	return entries, nil
}

// entriesOf judges the keysets of one purpose, in order of their numbers. The one in use is the newest whose instant has come, or the oldest if none has.
func entriesOf(rows []models.Keyset, life time.Duration, now time.Time) []Entry {
	entries := make([]Entry, len(rows))
	inUse := false
	var replacedAt time.Time // the one at hand, by any newer one
	for i := len(rows) - 1; i >= 0; i-- {
		row := &rows[i]
		entry := Entry{Purpose: row.Purpose, Number: row.Number, State: Next, PublishedAt: row.PublishedAt, UsedFrom: row.UsedFrom}
		switch {
		case inUse:
			entry.State = Old
			retiresAt := replacedAt.Add(life + timing.KeyRetireLeeway)
			entry.RetiresAt = &retiresAt
		case i == 0 || !row.UsedFrom.After(now):
			entry.State = InUse
			inUse = true
		}
		if i == len(rows)-1 || row.UsedFrom.Before(replacedAt) {
			replacedAt = row.UsedFrom
		}

		entries[i] = entry
	}

	return entries
}
