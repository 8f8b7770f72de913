package shoppers

import (
	"context"
	"crypto/rand"
	"sync"
	"time"

	"github.com/authtickets/authtickets/test/cluster/history"
)

// refresh exchanges the ticket of the device for the next one. The attempt is chosen once and sent
// with every repetition: to another server, in a second tab at the same time, or much later.
func (d *device) refresh(ctx context.Context) {
	attempt := rand.Text()
	server := d.anyServer()
	d.stumble(ctx, server, attempt)

	for {
		ticket, got := d.crowd.refresh(ctx, server, d.held, attempt)
		switch {
		case got.outcome == succeeded:
			d.repeat(ctx, server, attempt)
			d.hold(&held{
				Ticket:      ticket,
				session:     d.held.session,
				generation:  d.held.generation + 1,
				isAnonymous: d.held.isAnonymous,
			})
			return
		case got.outcome == refused:
			d.hold(nil)
			return
		case !d.waits(ctx, got):
			return
		}

		server = d.crowd.otherServer(d.random, server)
	}
}

// stumble does what can go wrong in the first try.
func (d *device) stumble(ctx context.Context, server int, attempt string) {
	chance := d.random.Float64()
	switch {
	case chance < 0.10: // the client goes away before the answer comes
		early, cancel := context.WithTimeout(ctx, d.upTo(20*time.Millisecond))
		d.crowd.refresh(early, server, d.held, attempt)
		cancel()
	case chance < 0.20: // the answer is lost
		d.crowd.refresh(ctx, server, d.held, attempt)
	case chance < 0.30: // two tabs refresh at the same moment
		var tabs sync.WaitGroup
		other := d.crowd.otherServer(d.random, server)
		for _, at := range []int{server, other} {
			tabs.Go(func() { d.crowd.refresh(ctx, at, d.held, attempt) })
		}

		tabs.Wait()
		return
	default:
		return
	}

	d.pauseAWhile(ctx)
}

// repeat repeats a refresh that was answered, like a second tab that was asleep.
func (d *device) repeat(ctx context.Context, server int, attempt string) {
	const often = 0.08
	if d.random.Float64() < often {
		d.pauseAWhile(ctx)
		d.crowd.refresh(ctx, d.crowd.otherServer(d.random, server), d.held, attempt)
	}
}

// pauseAWhile does not pause, or pauses for a moment, or for longer than the reuse window.
func (d *device) pauseAWhile(ctx context.Context) {
	chance := d.random.Float64()
	switch {
	case chance < 0.50:
	case chance < 0.85:
		d.pause(ctx, d.upTo(300*time.Millisecond))
	default:
		d.pause(ctx, d.crowd.settings.ReuseWindow+500*time.Millisecond+d.upTo(time.Second))
	}
}

// refresh asks for the next ticket of a session, and records the answer.
func (c *Crowd) refresh(ctx context.Context, server int, h *held, attempt string) (history.Ticket, answer) {
	o := history.Operation{
		Kind:       history.Refresh,
		Server:     server,
		Generation: h.generation,
		Call:       c.history.Now(),
	}

	got := c.ask(ctx, request{
		server:    server,
		document:  refreshDocument,
		variables: map[string]any{"token": h.RefreshToken, "attempt": attempt},
	})
	if got.outcome != disconnected && got.outcome != dropped {
		c.figures.measure(server, o.Call, c.history.Now()-o.Call)
	}

	ticket, ok := ticketOf(got)
	switch {
	case ok:
		o.Answer.Ticket = ticket.Text
	case got.outcome == refused:
		o.Answer.Refused = got.reason
	default:
		o.Unanswered = true
	}

	c.note(h.session, o, ticket)
	return ticket, got
}
