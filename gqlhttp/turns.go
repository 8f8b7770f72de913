package gqlhttp

import (
	"context"
	"time"

	"golang.org/x/sync/semaphore"
)

// heavy is the weight above which an operation waits for its turn. The query for a whole shopper
// with the account weighs half as much.
const heavy = 100

// turns lets only a few heavy operations run at a time. After each one, its place rests for the
// time that the operation took, up to a limit. So heavy operations leave most of the processors to
// others, and sign-ins and refreshes do not wait for them. A heavy operation that comes alone runs
// at once.
type turns struct{ free *semaphore.Weighted }

func newTurns(cores int) *turns {
	const share = 2
	return &turns{semaphore.NewWeighted(int64(max(1, cores/share)))}
}

// begin waits for a turn. The returned function ends it.
func (t *turns) begin(ctx context.Context) (end func(), err error) {
	if err := t.free.Acquire(ctx, 1); err != nil {
		return nil, err
	}

	began := time.Now() //nolint:forbidigo // only measures
	return func() {
		const longestRest = 50 * time.Millisecond
		rest := min(time.Since(began), longestRest) //nolint:forbidigo // only measures
		time.AfterFunc(rest, func() { t.free.Release(1) })
	}, nil
}
