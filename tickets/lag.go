package tickets

import (
	"context"
	"time"

	"github.com/authtickets/authtickets/seal"
)

// A node of a database that has several may not show yet what another one has confirmed. A genuine
// token that is ahead of what a node shows is early, not invalid. Whoever meets one looks again,
// and at last tells the client to ask again.

const (
	// firstPause is the first of the pauses between two looks; each is twice as long as the one
	// before.
	firstPause = 4 * time.Millisecond
	// lastPause is the last one. All together take about a second.
	lastPause = 512 * time.Millisecond
)

// look asks the database for something. It reports whether the database shows what must be there.
type look func(again bool) (settled bool, err error)

// until looks, with growing pauses, until the database shows what must be there. After about a
// second, or when the time for the request would be over, the reason of its error is BUSY.
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

// untilCaughtUp is until for what a genuine token implies. A token that is older than any node lags
// is not early: then missing is called, whose error is the answer. The database was put back to an
// earlier state.
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
