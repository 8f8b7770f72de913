package tickets

import (
	"context"
	"sync"
	"time"
)

const (
	purgeBatch = 500
)

// catchUpRate is how much faster than time purging may go on, after no server has run for a while.
const catchUpRate = 2

// purging bounds how far this process may purge. Whoever has a token that a purged row would have
// refused could bring its session back. So purging goes on with the time that has passed, not with
// what a clock shows that may be set at any moment.
type purging struct {
	mutex sync.Mutex
	began bool
	// limit is how far purging had come when this process first looked, and elapsed when that was.
	limit   time.Time
	elapsed time.Duration
}

// guessesKept is how long wrong passwords are kept: three half days.
const guessesKept = 36 * time.Hour

// Purge deletes the rows of sessions that can have no living token and of forgotten wrong
// passwords, in small batches with pauses, and returns how many it has deleted. A session's row is
// kept until then even when it has ended: without it, a first token of the session that is still
// unexpired would bring the session back.
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
	} {
		deleted, err := repeat(ctx, pause, purge)
		total += deleted
		if err != nil {
			return total, err
		}
	}
	return total, nil
}

// repeat purges batches until there is nothing left, and returns how many rows it has deleted.
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

// purgeUntil returns the instant by which rows may go: the earliest that the clocks show, and no
// later than the time that has passed allows.
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
