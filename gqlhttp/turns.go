package gqlhttp

import (
	"context"
	"time"

	"golang.org/x/sync/semaphore"
)

// heavy is from which weight on an operation waits for its turn. That of a whole shopper with the
// account has half of it.
const heavy = 100

// turns lets few heavy operations run at a time, and rests between them as long as each has taken.
// So they leave most of the processors to others, and nobody's sign-in or refresh waits behind a
// crowd of them. One that comes alone does not wait.
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
	began := time.Now() //nolint:forbidigo // measures how long it takes
	return func() {
		const longestRest = 50 * time.Millisecond
		rest := min(time.Since(began), longestRest) //nolint:forbidigo // as above
		time.AfterFunc(rest, func() { t.free.Release(1) })
	}, nil
}
