package tickets

import (
	"context"
	"time"
)

const (
	purgeBatch = 500
	// failuresKept is for how long wrong passwords count towards the lock of an account.
	failuresKept = 24 * time.Hour
)

// Purge deletes the rows of sessions that can have no living token and of forgotten wrong passwords, in small batches with pauses, and
// returns how many it has deleted. A session's row is kept until then even when it has ended: without it, a first token of the session that is still
// unexpired would bring the session back.
func (o *Office) Purge(ctx context.Context, pause time.Duration) (int, error) {
	total := 0
	now := o.now()
	for _, purge := range []func() (int, error){
		func() (int, error) { return o.Store.PurgeSessions(ctx, now, purgeBatch) },
		func() (int, error) {
			return o.Store.PurgeFailures(ctx, now.Add(-max(failuresKept, o.Policy.GuessWindow)), purgeBatch)
		},
	} {
		for {
			deleted, err := purge()
			total += deleted
			if err != nil {
				return total, err
			}
			if deleted == 0 {
				break
			}
			select {
			case <-time.After(pause):
			case <-ctx.Done():
				return total, ctx.Err()
			}
		}
	}
	return total, nil
}
