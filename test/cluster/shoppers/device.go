package shoppers

import (
	"context"
	"encoding/json"
	"math/rand/v2"
	"time"

	"github.com/authtickets/authtickets/test/cluster/history"
)

// device is one client with its stored state.
type device struct {
	crowd    *Crowd
	random   *rand.Rand
	customer string

	// held is the newest ticket, or nil.
	held *held
	// lastCustomer is the last ticket that a customer held on this device, or nil. Signing out does
	// not remove it.
	lastCustomer *held
}

// held is a stored ticket.
type held struct {
	history.Ticket

	session     *history.Session
	generation  int
	isAnonymous bool
}

// live lets the device act until the crowd stops, after random pauses. Half of the time there is no
// pause, so that a server is often asked before its node has what another node just wrote. In a
// rush there are no pauses at all.
func (d *device) live(ctx context.Context) {
	mean := 2 * time.Second * time.Duration(d.crowd.settings.Devices) / time.Duration(d.crowd.settings.Rate)
	for {
		var pause time.Duration
		if d.random.IntN(2) == 0 && !d.crowd.rush.Load() {
			pause = time.Duration(d.random.ExpFloat64() * float64(mean))
		}

		select {
		case <-d.crowd.ended:
			return
		case <-ctx.Done():
			return
		case <-time.After(pause):
			d.act(ctx)
		}
	}
}

// act performs one of the actions of a shopper.
func (d *device) act(ctx context.Context) {
	chance := d.random.Float64()
	switch {
	case d.held == nil:
		d.startAnew(ctx)
	case chance < 0.03:
		d.signOut(ctx)
	case chance < 0.08:
		d.look(ctx)
	case d.held.isAnonymous && chance < 0.20:
		d.signIn(ctx)
	case !d.held.isAnonymous && chance < 0.09: // it lost its ticket, but still knows the customer
		d.held = nil
	case !d.held.isAnonymous && chance < 0.10: // the customer signs in again
		d.signIn(ctx)
	case !d.held.isAnonymous && chance < 0.11:
		d.endOther(ctx)
	default:
		d.refresh(ctx)
	}
}

// hold stores a ticket in place of the previous one.
func (d *device) hold(h *held) {
	d.held = h
	if h != nil && !h.isAnonymous {
		d.lastCustomer = h
	}
}

// startAnew gets the ticket of a new anonymous shopper.
func (d *device) startAnew(ctx context.Context) {
	for {
		call := d.crowd.history.Now()
		got := d.crowd.ask(ctx, request{server: d.anyServer(), document: anonymousDocument})
		if ticket, ok := ticketOf(got); ok {
			session := d.crowd.history.Begin(call, ticket)
			d.hold(&held{Ticket: ticket, session: session, isAnonymous: true})
			return
		}
		if !d.waits(ctx, got) {
			return
		}
	}
}

// look asks who the shopper is.
func (d *device) look(ctx context.Context) {
	o := history.Operation{
		Kind:       history.Look,
		Server:     d.anyServer(),
		Generation: d.held.generation,
		Call:       d.crowd.history.Now(),
	}

	got := d.crowd.ask(ctx, request{server: o.Server, document: lookDocument, accessToken: d.held.AccessToken})
	d.tokenRefused(ctx, o, got)
}

// tokenRefused does what the client must do after its access token was refused. o describes the use
// of the token.
func (d *device) tokenRefused(ctx context.Context, o history.Operation, got answer) {
	switch got.outcome {
	case refused:
		o.Answer.Refused = got.reason
		d.crowd.note(d.held.session, o, history.Ticket{})
		d.hold(nil)
	case mustRefresh:
		d.refresh(ctx)
	case succeeded, busy, timedOut, disconnected, dropped, unexpected:
	}
}

// waits obeys an answer that says to retry later. It returns false if the shopper must stop at
// once.
func (d *device) waits(ctx context.Context, got answer) bool {
	wait := max(got.wait, 100*time.Millisecond)
	return d.pause(ctx, wait+d.upTo(wait/4))
}

func (d *device) pause(ctx context.Context, pause time.Duration) bool {
	select {
	case <-time.After(pause):
		return true
	case <-ctx.Done():
		return false
	}
}

func (d *device) upTo(most time.Duration) time.Duration {
	return time.Duration(d.random.Int64N(int64(most)))
}

func (d *device) anyServer() int { return d.random.IntN(len(d.crowd.settings.Servers)) }

// impatiently returns a context for a request whose client often does not wait for the answer.
func (d *device) impatiently(ctx context.Context) (context.Context, context.CancelFunc) {
	const often = 0.1
	if d.random.Float64() >= often {
		return ctx, func() {}
	}
	return context.WithTimeout(ctx, d.upTo(20*time.Millisecond))
}

// note adds an operation that has just returned to the history of a session.
func (c *Crowd) note(session *history.Session, o history.Operation, ticket history.Ticket) {
	o.Phase, o.Return = c.Phase(), c.history.Now()
	c.history.Add(session, o, ticket)
}

// ticketOf returns the ticket of a successful answer.
func ticketOf(got answer) (ticket history.Ticket, ok bool) {
	if got.outcome != succeeded || json.Unmarshal(got.data, &ticket) != nil {
		return ticket, false
	}
	ticket.Text = string(got.data)
	return ticket, ticket.RefreshToken != ""
}
