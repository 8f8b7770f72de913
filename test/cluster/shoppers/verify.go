package shoppers

import (
	"context"
	"crypto/rand"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/authtickets/authtickets/test/cluster/history"
)

// Verify asks every server for the next ticket of every session, after the shoppers have stopped.
// The history shows which answers are right. Verify returns the number of sessions, and how many of
// them are unsettled: some server did not say whether they are alive.
func (c *Crowd) Verify(ctx context.Context) (asked, unsettled int) {
	const atOnce = 8

	sessions := c.history.Sessions()
	queue := make(chan *history.Session, len(sessions))
	for _, session := range sessions {
		queue <- session
	}

	close(queue)

	var workers sync.WaitGroup
	var silent atomic.Int64
	for range atOnce {
		workers.Go(func() {
			for session := range queue {
				if !c.verify(ctx, session) {
					silent.Add(1)
				}
			}
		})
	}

	workers.Wait()
	return len(sessions), int(silent.Load())
}

// verify asks every server for the next ticket of one session, with the same attempt. It returns
// false if one of them gave no final answer.
func (c *Crowd) verify(ctx context.Context, session *history.Session) bool {
	const tries = 5

	token, generation := session.Token()
	h := &held{Ticket: history.Ticket{RefreshToken: token}, session: session, generation: generation}
	attempt := rand.Text()

	for server := range c.settings.Servers {
		isFinal := slices.ContainsFunc(make([]struct{}, tries), func(struct{}) bool {
			_, got := c.refresh(ctx, server, h, attempt)
			isSettled := got.outcome == succeeded || got.outcome == refused
			if !isSettled && ctx.Err() == nil {
				time.Sleep(max(got.wait, 100*time.Millisecond))
			}

			return isSettled
		})
		if !isFinal {
			return false
		}
	}

	return true
}
