package test_test

import (
	"testing"
	"time"

	"github.com/authtickets/authtickets/applications"
	"github.com/authtickets/authtickets/models"
	"github.com/authtickets/authtickets/tickets"
)

// The number of rows that one source can write in a minute is limited. Sessions that have a row
// continue.
func TestRowsOfASource(t *testing.T) {
	t.Parallel()

	onEach(t, func(t *testing.T, o *office) {
		var last ticket
		written := 0
		for range 20 {
			first := o.anonymous()
			got := o.tryRefresh(first.RefreshToken)
			if len(got.Errors) > 0 {
				expect(t, got, models.ReasonBusy)
				if wait := got.Errors[0].Extensions.RetryAfterSeconds; wait != 60 {
					t.Errorf("must wait %d seconds", wait)
				}
				continue
			}

			written++
			last = got.ticket(t, "refreshTicket")
			o.refresh(first.RefreshToken) // the second tab writes no row
		}

		if written != 5 {
			t.Errorf("%d rows were written", written)
		}

		o.refresh(last.RefreshToken)
		signedOut := o.anonymous()
		expect(t, o.tryRevoke(signedOut.RefreshToken, false), models.ReasonBusy)
		o.clock.Pass(time.Minute)
		if ended := o.revoke(signedOut.RefreshToken, false); ended != 1 {
			t.Errorf("%d sessions ended", ended)
		}
	}, func(w *tickets.Office) { w.Policy.RowsPerSource = 5 })
}

// A server that renders pages for many shoppers does not count as one source.
func TestRowsOfAConfidentialApplication(t *testing.T) {
	t.Parallel()

	onEach(t, func(t *testing.T, o *office) {
		headers := as("renderer", o.application("renderer", true, applications.Change{}))
		for range 12 {
			begun := o.post(`mutation { anonymousShopperTicket { refreshToken } }`, nil, headers...)
			token := begun.ticket(t, "anonymousShopperTicket").RefreshToken
			next := o.post(`mutation { refreshTicket(refreshToken: "`+token+`") { userId } }`, nil, headers...)
			expect(t, next, "")
		}
	}, func(w *tickets.Office) { w.Policy.RowsPerSource = 5 })
}
