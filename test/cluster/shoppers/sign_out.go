package shoppers

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"sync"

	"github.com/authtickets/authtickets/test/cluster/history"
)

// signOut ends the session of the device, and repeats that until the server confirms it. It uses
// the newest token or an old one, like a tab that was asleep. Customers sometimes sign out
// everywhere.
func (d *device) signOut(ctx context.Context) {
	h, everywhere := d.held, !d.held.isAnonymous && d.random.Float64() < 0.2
	generation := h.generation
	if d.random.Float64() < 0.3 {
		generation = d.random.IntN(generation + 1)
	}

	var tabs sync.WaitGroup
	if d.random.Float64() < 0.15 { // another tab refreshes at the same moment
		server := d.anyServer()
		tabs.Go(func() { d.crowd.refresh(ctx, server, h, rand.Text()) })
	}

	server := d.anyServer()
	for {
		try, cancel := d.impatiently(ctx)
		got := d.crowd.signOut(try, server, h.session, generation, everywhere)
		cancel()
		if got.outcome == succeeded || !d.waits(ctx, got) {
			break
		}

		server = d.crowd.otherServer(d.random, server)
	}

	tabs.Wait()

	if d.random.Float64() < 0.3 { // another tab tries to continue
		d.crowd.refresh(ctx, d.crowd.otherServer(d.random, server), h, rand.Text())
	}

	d.hold(nil)
}

// signOut asks once to end a session, and records the answer.
func (c *Crowd) signOut(
	ctx context.Context, server int, session *history.Session, generation int, everywhere bool,
) answer {
	o := history.Operation{
		Kind:       history.SignOut,
		Server:     server,
		Generation: generation,
		Call:       c.history.Now(),
	}
	if everywhere {
		o.Kind = history.Everywhere
	}

	got := c.ask(ctx, request{
		server:    server,
		document:  signOutDocument,
		variables: map[string]any{"token": session.TokenOf(generation), "everywhere": everywhere},
	})
	o.Unanswered = got.outcome != succeeded
	if !o.Unanswered {
		_ = json.Unmarshal(got.data, &o.Answer) // a missing member counts as 0
	}

	c.note(session, o, history.Ticket{})
	return got
}

// endOther ends another session of the customer, found in the list of sessions.
func (d *device) endOther(ctx context.Context) {
	other := d.crowd.history.Other(d.held.session, d.random.IntN)
	if other == nil {
		return
	}

	own := history.Operation{
		Kind:       history.Look,
		Server:     d.anyServer(),
		Generation: d.held.generation,
		Call:       d.crowd.history.Now(),
	}

	got := d.crowd.ask(ctx, request{
		server:      own.Server,
		document:    endDocument,
		accessToken: d.held.AccessToken,
		variables:   map[string]any{"id": other.ID()},
	})
	if got.outcome == refused || got.outcome == mustRefresh { // the token was refused, so nothing was done
		d.tokenRefused(ctx, own, got)
		return
	}

	o := history.Operation{
		Kind:       history.End,
		Server:     own.Server,
		Call:       own.Call,
		Unanswered: got.outcome != succeeded,
	}
	if !o.Unanswered {
		_ = json.Unmarshal(got.data, &o.Answer) // a missing member counts as 0
	}

	d.crowd.note(other, o, history.Ticket{})
}
