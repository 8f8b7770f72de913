package test_test

import (
	"sync"
	"testing"
	"time"

	"github.com/authtickets/authtickets/applications"
	"github.com/authtickets/authtickets/models"
	"github.com/authtickets/authtickets/tickets"
)

// A customer has a limited number of sessions. Beyond that, the least recently refreshed one ends.
func TestMostSessions(t *testing.T) {
	t.Parallel()

	onEach(t, func(t *testing.T, o *office) {
		o.customer("ada")
		o.customer("bob")
		bobs := o.signIn("bob")
		var held []ticket

		for range 5 {
			held = append(held, o.signIn("ada"))
			o.clock.Pass(time.Minute)
		}

		held[0] = o.refresh(held[0].RefreshToken)
		o.clock.Pass(time.Minute)
		held = append(held, o.signIn("ada"))

		for i, got := range held {
			want := models.Reason("")
			if i == 1 {
				want = models.ReasonTooManySessions
			}

			expect(t, o.tryRefresh(got.RefreshToken), want)
		}

		o.refresh(bobs.RefreshToken)

		var group sync.WaitGroup
		for range 20 {
			group.Go(func() { o.signIn("ada") })
		}

		group.Wait()
		if ids, _ := o.listed(o.signIn("ada")); len(ids) != 5 {
			t.Errorf("%d sessions", len(ids))
		}
	}, func(w *tickets.Office) { w.Policy.SessionsPerCustomer = 5 })
}

// Expired sessions do not count towards a customer's limit.
func TestExpiredSessionsDoNotCountTowardsTheLimit(t *testing.T) {
	t.Parallel()

	onEach(t, func(t *testing.T, o *office) {
		o.customer("ada")
		hour := time.Hour
		secret := o.application("kiosk", true, applications.Change{RefreshLifetime: &hour})
		living := o.signIn("ada")
		input := variables{"username": "ada", "password": rightPassword}

		for range 5 {
			o.clock.Pass(2 * time.Hour)
			expect(t, o.post(signInQuery, variables{"input": input}, as("kiosk", secret)...), "")
		}

		expect(t, o.tryRefresh(living.RefreshToken), "")
	}, func(w *tickets.Office) { w.Policy.SessionsPerCustomer = 5 })
}

// Many servers together respect a customer's limit of sessions.
func TestMostSessionsOnManyServers(t *testing.T) {
	t.Parallel()

	onEach(t, func(t *testing.T, o *office) {
		most := func(w *tickets.Office) { w.Policy.SessionsPerCustomer = 5 }
		one := openWith(t, o.url, o.Keys, o.clock, most)
		one.customer("ada")
		servers := []*office{one}

		for range 7 {
			servers = append(servers, openWith(t, o.url, o.Keys, o.clock, most))
		}

		for range 4 {
			one.signIn("ada")
		}

		asks := map[string]func() answer{}
		for i, s := range servers {
			asks[string(rune('a'+i))] = func() answer { return s.trySignIn("ada", rightPassword, "", "198.51.100.1") }
		}

		var last ticket
		for _, a := range atOnce(asks) {
			last = a.ticket(t, "createUserTicket")
		}

		if ids, _ := one.listed(last); len(ids) > 5 {
			t.Errorf("%d sessions", len(ids))
		}
	})
}
