package shoppers

import (
	"context"
	"encoding/json"

	"github.com/authtickets/authtickets/test/cluster/history"
)

// signIn signs in the customer of the device. It claims the device's anonymous ticket, and replaces
// the session that the customer had on the device before.
func (d *device) signIn(ctx context.Context) {
	for {
		server := d.anyServer()
		try, cancel := d.impatiently(ctx)
		ticket, session, got := d.trySignIn(try, server)
		cancel()

		const lost = 0.1 // the share of lost answers
		if session != nil && d.random.Float64() >= lost {
			d.hold(&held{Ticket: ticket, session: session})
			return
		}
		if !d.waits(ctx, got) {
			return
		}
	}
}

// trySignIn sends one request to sign in, and records its effect on the sessions that it ends. The
// session is nil if there is no ticket.
func (d *device) trySignIn(ctx context.Context, server int) (history.Ticket, *history.Session, answer) {
	input := map[string]any{"username": d.customer, "password": d.crowd.settings.Password}
	var claimed, replaced *held
	if claimed = d.held; claimed != nil && claimed.isAnonymous {
		input["previousRefreshToken"] = claimed.RefreshToken
	} else {
		claimed = nil
	}
	if replaced = d.lastCustomer; replaced != nil {
		input["deviceToken"] = replaced.RefreshToken
	}

	call := d.crowd.history.Now()
	got := d.crowd.ask(ctx, request{
		server:    server,
		document:  signInDocument,
		variables: map[string]any{"input": input},
	})
	ticket, ok := ticketOf(got)
	ended := func(kind history.Kind, h *held) {
		if h == nil {
			return
		}

		o := history.Operation{
			Kind:       kind,
			Server:     server,
			Generation: h.generation,
			Call:       call,
			Unanswered: !ok,
			Customer:   d.customer,
		}
		if kind == history.Claim {
			o.Answer.Claim = claimOf(got)
		}

		d.crowd.note(h.session, o, history.Ticket{})
	}

	ended(history.Claim, claimed)
	ended(history.Replace, replaced)
	if !ok {
		return ticket, nil, got
	}

	return ticket, d.crowd.history.Begin(call, ticket), got
}

// claimOf returns the claim outcome of a ticket.
func claimOf(got answer) string {
	var ticket struct{ Claim string }
	_ = json.Unmarshal(got.data, &ticket) // if it fails, the outcome is empty, which is wrong as well
	return ticket.Claim
}
