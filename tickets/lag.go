package tickets

import (
	"context"
	"time"

	"github.com/authtickets/authtickets/seal"
)

// If a database has several nodes, one of them may not show yet what another has confirmed. A
// genuine token that is ahead of what a node shows is early, not invalid. So the server looks again
// for about a second, and then asks the client to try again.

const (
	// firstPause is the first pause between two looks. Each pause is twice as long as the one
	// before.
	firstPause = 4 * time.Millisecond
	// lastPause is the last pause. All pauses together take about a second.
	lastPause = 512 * time.Millisecond
)

// look asks the database for something, and reports whether the answer is final. again is false the
// first time.
type look func(again bool) (settled bool, err error)

// until calls look, with growing pauses, until the answer is final. After about a second, or if the
// request would run out of time, the reason of its error is BUSY.
func until(ctx context.Context, look look) error {
	for pause := firstPause; ; pause *= 2 {
		settled, err := look(pause > firstPause)
		if settled || err != nil {
			return err
		}

		deadline, ok := ctx.Deadline()
		if pause > lastPause || (ok && time.Until(deadline) < 2*pause) { //nolint:forbidigo // real time
			return busy()
		}
		select {
		case <-time.After(pause):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// untilCaughtUp is like until, but looks for what a genuine token implies. If the token is too old
// to be early, the database has lost that: it may have been restored from a backup. Then
// untilCaughtUp calls missing and returns its error.
func (o *Office) untilCaughtUp(
	ctx context.Context, contents seal.Contents, now time.Time, look look, missing func() error,
) error {
	return until(ctx, func(again bool) (bool, error) {
		settled, err := look(again)
		if settled || err != nil || !again {
			return settled, err
		}

		early, err := o.clocks.mayBeEarly(ctx, contents, o.Policy.DatabaseLag, now)
		if err != nil || early {
			return false, err
		}
		return true, missing()
	})
}
