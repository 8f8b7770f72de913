package test_test

import (
	"testing"
	"time"

	"github.com/authtickets/authtickets/models"
)

func TestTokensExpire(t *testing.T) {
	t.Parallel()

	onEach(t, func(t *testing.T, o *office) {
		o.customer("ada")
		const day = 24 * time.Hour
		for _, c := range []struct {
			ticket   ticket
			lifetime time.Duration
		}{{o.anonymous(), 30 * day}, {o.signIn("ada"), 14 * day}} {
			at := o.clock.Now()
			o.clock.Pass(c.lifetime - time.Microsecond)
			got := o.refresh(c.ticket.RefreshToken)
			o.clock.Pass(c.lifetime)
			expect(t, o.tryRefresh(got.RefreshToken), models.ReasonTokenExpired)
			o.clock.Pass(at.Sub(o.clock.Now()))
		}

		// A session ends after 90 days, however often it is refreshed.
		got := o.signIn("ada")
		for range 9 {
			o.clock.Pass(10 * day)
			if got.RefreshTokenExpiration > "2027-02-22T09:30:00.123Z" {
				t.Fatalf("lives until %s", got.RefreshTokenExpiration)
			}

			answer := o.tryRefresh(got.RefreshToken)
			if answer.Reason() != "" {
				break
			}

			got = answer.ticket(t, "refreshTicket")
		}

		expect(t, o.tryRefresh(got.RefreshToken), models.ReasonTokenExpired)
	})
}

func TestTokensFromTheFuture(t *testing.T) {
	t.Parallel()

	onEach(t, func(t *testing.T, o *office) {
		got := o.anonymous()
		o.clock.Pass(-5 * time.Second)
		expect(t, o.currentShopper("userId", "Authorization", "Bearer "+got.AccessToken), "")
		o.clock.Pass(-time.Microsecond)
		expect(t, o.currentShopper("userId", "Authorization", "Bearer "+got.AccessToken), models.ReasonBusy)
		expect(t, o.tryRefresh(got.RefreshToken), models.ReasonBusy)
		o.clock.Pass(time.Microsecond)
		o.refresh(got.RefreshToken)
	})
}

func TestPurgedOnlyWhenEveryTokenHasExpired(t *testing.T) {
	t.Parallel()

	const day = 24 * time.Hour
	onEach(t, func(t *testing.T, o *office) {
		purge := func(want int) {
			t.Helper()
			if got, err := o.Purge(t.Context(), 0); err != nil || got != want {
				t.Errorf("purged %d rows, error %v", got, err)
			}
		}

		purge(0) // as a server does at its start
		o.customer("ada")
		for range 5 {
			o.signIn("ada")
		}

		first := o.anonymous()
		ended := o.refresh(first.RefreshToken)
		o.revoke(ended.RefreshToken, false)
		o.clock.Pass(29 * day)
		purge(5)
		expect(t, o.tryRefresh(first.RefreshToken), models.ReasonSignedOut) // no new session begins
		o.clock.Pass(3 * day)
		purge(1)
		expect(t, o.tryRefresh(first.RefreshToken), models.ReasonTokenExpired)
	})
}
