package tickets

import (
	"context"
	"sync"
	"time"
)

// purgeBatch is how many rows one statement deletes.
const purgeBatch = 500

// catchUpRate is how many times faster than time purging may advance. So it can catch up if no
// server ran for a while.
const catchUpRate = 2

// purging limits how far this process may purge. If the row of an ended session is purged too
// early, a token of the session can bring it back. So purging advances with the time that has
// passed, and not with a clock that somebody may set.
type purging struct {
	mutex sync.Mutex
	began bool
	// limit is how far purging had come when this process first looked.
	limit time.Time
	// elapsed is when that was, by the elapsed time.
	elapsed time.Duration
}

// guessesKept is how long wrong passwords are kept: three half days.
const guessesKept = 36 * time.Hour

// Purge deletes the rows of sessions whose tokens have all expired, and of old wrong passwords. It
// works in small batches with pauses, and returns how many rows it has deleted. The row of an ended
// session is kept, too, until all its tokens have expired. Without the row, the first token of an
// anonymous session would bring it back.
func (o *Office) Purge(ctx context.Context, pause time.Duration) (int, error) {
	until, err := o.purgeUntil(ctx)
	if err != nil {
		return 0, err
	}

	total := 0
	for _, purge := range []func() (int, error){
		func() (int, error) { return o.Store.PurgeSessions(ctx, until, purgeBatch) },
		func() (int, error) {
			return o.Store.PurgeGuesses(ctx, until.Add(-max(guessesKept, o.Policy.GuessWindow)), purgeBatch)
		},
		func() (int, error) { return o.Store.PurgeNameLocks(ctx, until, purgeBatch) },
		func() (int, error) { return o.Store.PurgeApplicationTickets(ctx, until, purgeBatch) },
	} {
		deleted, err := repeat(ctx, pause, purge)
		total += deleted
		if err != nil {
			return total, err
		}
	}
	return total, nil
}

// repeat purges batches until there is nothing left. It returns how many rows it has deleted.
func repeat(ctx context.Context, pause time.Duration, purge func() (int, error)) (int, error) {
	total := 0
	for {
		deleted, err := purge()
		total += deleted
		if err != nil || deleted == 0 {
			return total, err
		}
		select {
		case <-time.After(pause):
		case <-ctx.Done():
			return total, ctx.Err()
		}
	}
}

// purgeUntil returns until when rows may be purged: the earliest time that the clocks show, but at
// most the limit of purging.
func (o *Office) purgeUntil(ctx context.Context) (time.Time, error) {
	now := o.clocks.now()
	byDatabase, err := o.Store.Clock(ctx)
	if err != nil {
		return now, err
	}
	allowed, err := o.purging.allowed(ctx, o)
	if err != nil {
		return now, err
	}

	until := earlier(earlier(now, byDatabase), allowed)
	return until, o.Store.RaisePurgeLimit(ctx, until)
}

// allowed returns how far this process may purge by now.
func (p *purging) allowed(ctx context.Context, o *Office) (time.Time, error) {
	p.mutex.Lock()
	defer p.mutex.Unlock()

	if !p.began {
		limit, err := o.Store.PurgeLimit(ctx)
		if err != nil {
			return limit, err
		}
		p.began, p.limit, p.elapsed = true, limit, o.clocks.elapsed()
	}
	return p.limit.Add(catchUpRate * (o.clocks.elapsed() - p.elapsed)), nil
}
