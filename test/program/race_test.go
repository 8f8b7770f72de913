package program_test

import (
	"testing"

	"github.com/authtickets/authtickets/storage/storagetest"
)

// When many requests refresh one token at once, on any servers, all get the same ticket, and the
// session continues.
func TestRefreshRace(t *testing.T) {
	t.Parallel()

	storagetest.Each(t, func(t *testing.T, url string) {
		s := newSite(t, url)
		s.customer("ada", rightPassword)
		servers := []*server{s.start(), s.start()}
		race := func(name, token string) string {
			tickets := make([]ticket, 100)
			errs := make([]error, len(tickets))
			together(len(tickets), func(i int) {
				tickets[i], errs[i] = servers[i%len(servers)].tryTicket(t.Context(), refreshOperation(token))
			})

			for i, got := range tickets {
				must(t, errs[i])
				if got.raw != tickets[0].raw {
					t.Fatalf("%s: not one ticket but several:\n%s\n%s", name, tickets[0].raw, got.raw)
				}
			}

			if tickets[0].RefreshToken == token {
				t.Fatalf("%s: the ticket is not the next one", name)
			}

			return tickets[0].RefreshToken
		}

		first := race("an anonymous shopper's first", servers[0].anonymous().RefreshToken)
		last := race("an anonymous shopper's later", race("an anonymous shopper's later", first))
		customer := race("a customer's", race("a customer's", servers[1].signIn("ada").RefreshToken))

		for _, token := range []string{last, customer} {
			next := servers[0].refresh(token)
			if servers[1].refresh(next.RefreshToken).UserID != next.UserID {
				t.Error("the session continues as somebody else's")
			}
		}

		for generation, sessions := range map[int]int{5: 1, 4: 1} {
			got := s.number("SELECT COUNT(*) FROM sessions WHERE generation = ? AND ended_at IS NULL", generation)
			if got != sessions {
				t.Errorf("%d sessions are at generation %d", got, generation)
			}
		}
	})
}

// When many customers sign in with one anonymous shopper's token at once, on any servers, exactly
// one claims it.
func TestClaimRace(t *testing.T) {
	t.Parallel()

	storagetest.Each(t, func(t *testing.T, url string) {
		s := newSite(t, url)
		customers := []string{"ada", "bob"}
		for _, name := range customers {
			s.customer(name, rightPassword)
		}

		servers := []*server{
			s.start("--hash-wait=30s", "--request-timeout=60s"),
			s.start("--hash-wait=30s", "--request-timeout=60s"),
		}
		claim := func(name string, anonymous ticket, times int) {
			tickets := make([]ticket, times)
			errs := make([]error, len(tickets))
			together(len(tickets), func(i int) {
				tickets[i], errs[i] = servers[i/2%2].tryTicket(
					t.Context(), signInOperation(customers[i%2], rightPassword, anonymous.RefreshToken),
				)
			})
			claims := map[string]int{}

			for i, got := range tickets {
				must(t, errs[i])
				if got.ClaimedAnonymousUserID == nil {
					continue
				}
				if *got.ClaimedAnonymousUserID != anonymous.UserID {
					t.Errorf("%s: somebody else was claimed", name)
				}

				claims[got.UserID]++
			}

			// The first customer may repeat the claim. The other may not.
			if len(claims) != 1 || claims[tickets[0].UserID]+claims[tickets[1].UserID] != len(tickets)/2 {
				t.Errorf("%s: want one customer with %d claims, got %v", name, len(tickets)/2, claims)
			}

			expect(t, servers[1].ask(refreshOperation(anonymous.RefreshToken)), "SIGNED_IN")
		}

		claim("never refreshed", servers[0].anonymous(), 80)
		claim("refreshed", servers[0].refresh(servers[0].anonymous().RefreshToken), 20)
	})
}
