package web

import (
	"context"
	"time"

	"golang.org/x/sync/semaphore"
)

// weight is for how many fields of an answer a selected field stands. The zero value is one for
// itself, and those below it once.
type weight struct {
	// own is the weight of the field alone: more than 1 where its text may be long.
	own int
	// items is how many items its list may have.
	items int
}

func (w weight) of(below int) int { return max(1, w.own) + max(1, w.items)*below }

// weightsOf returns the weights of the fields that may bring more than they look like. A customer
// has no more sessions than the setting says. Attributes are few and bounded in bytes, all
// together.
func weightsOf(sessions int) map[string]weight {
	const (
		mostSessions = 50 // so that a higher setting does not forbid what is allowed by default
		attributes   = 5
		longText     = 2
		longValues   = 5
	)
	list := weight{items: min(sessions, mostSessions)}
	return map[string]weight{
		"sessions": list, "accountSessions": list, "attributes": {items: attributes},
		"userAgent": {own: longText}, "values": {own: longValues},
	}
}

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
