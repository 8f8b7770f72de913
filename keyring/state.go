package keyring

import (
	"context"
	"time"

	"github.com/authtickets/authtickets/access"
	"github.com/authtickets/authtickets/models"
	"github.com/authtickets/authtickets/timing"
)

// State says what a keyset is used for at an instant.
type State string

// The states, in the order in which a keyset has them.
const (
	// Next is published, so that every replica learns of it, but not used yet.
	Next State = "next"
	// InUse seals or signs new tokens.
	InUse State = "in use"
	// Old only opens or verifies tokens that were made with it.
	Old State = "old"
)

// Entry describes a keyset in a list.
type Entry struct {
	Purpose     models.KeyPurpose
	Number      int
	State       State
	PublishedAt time.Time
	UsedFrom    time.Time
	// RetiresAt is when an old keyset is no longer needed; nil in the other states.
	RetiresAt *time.Time
}

// List returns the keysets of the database, in order of their purposes and numbers.
func (r *Ring) List(ctx context.Context, caller *access.Caller) ([]Entry, error) {
	if err := r.Desk.Check(ctx, caller, access.Act{Name: "keyset.read"}); err != nil {
		return nil, err
	}
	return r.list(ctx)
}

// list is List without the check of the caller.
func (r *Ring) list(ctx context.Context) ([]Entry, error) {
	rows, err := r.Store.Keysets(ctx)
	if err != nil {
		return nil, err
	}

	now := r.now()
	var entries []Entry
	for _, purpose := range purposes() {
		entries = append(entries, entriesOf(withPurpose(rows, purpose), r.life(purpose), now)...)
	}
	return entries, nil
}

// entriesOf returns the entries of the keysets of one purpose, in order of their numbers. The
// newest keyset whose UsedFrom has passed is in use, or the oldest if none has.
func entriesOf(rows []models.Keyset, life time.Duration, now time.Time) []Entry {
	entries := make([]Entry, len(rows))
	inUse := false
	var replacedAt time.Time // when a newer one replaced the keyset of this round
	for i := len(rows) - 1; i >= 0; i-- {
		row := &rows[i]
		entry := Entry{
			Purpose:     row.Purpose,
			Number:      row.Number,
			State:       Next,
			PublishedAt: row.PublishedAt,
			UsedFrom:    row.UsedFrom,
		}
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
