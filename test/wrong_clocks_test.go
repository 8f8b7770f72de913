package test_test

import (
	"encoding/base64"
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/authtickets/authtickets/access"
	"github.com/authtickets/authtickets/models"
	"github.com/authtickets/authtickets/tickets"
)

// A clock that was corrected some time ago hides no thief, because it is trusted again.
func TestThiefAfterACorrection(t *testing.T) {
	t.Parallel()

	onEach(t, func(t *testing.T, o *office) {
		o.customer("ada")
		o.clock.Step(3 * time.Hour)
		o.clock.StepDatabase(3 * time.Hour)

		for range 12 {
			o.follow()
			o.clock.Pass(time.Minute)
		}

		first := o.signIn("ada")
		o.refresh(first.RefreshToken)
		o.clock.Pass(2 * time.Hour)
		expect(t, o.tryRefresh(first.RefreshToken), models.ReasonTokenReused)
	})
}

// Another database node may have a clock that is hours behind. The sessions that it ended are still
// found.
func TestEndedByANodeWhoseClockIsBehind(t *testing.T) {
	t.Parallel()

	onEach(t, func(t *testing.T, o *office) {
		o.customer("ada")
		replica := openWith(t, o.url, o.Keys, o.clock)
		got := o.signIn("ada")
		replica.follow()
		o.clock.StepDatabase(-2 * time.Hour)
		o.revoke(got.RefreshToken, false)
		o.clock.StepDatabase(2 * time.Hour)
		o.clock.Pass(time.Minute)
		replica.follow()
		expect(t, replica.currentShopper("userId", bearer(got.AccessToken)...), models.ReasonSignedOut)
	})
}

// A token that has an hour left is not refused because a clock has just stepped by two hours.
func TestNothingExpiresByAStep(t *testing.T) {
	t.Parallel()

	onEach(t, func(t *testing.T, o *office) {
		o.customer("ada")
		got := o.signIn("ada")
		o.clock.Pass(14*24*time.Hour - time.Hour)
		o.clock.Step(2 * time.Hour)
		answer := o.tryRefresh(got.RefreshToken)
		o.clock.Step(-2 * time.Hour)
		if answer.Reason() != "" && answer.Reason() != models.ReasonBusy {
			t.Errorf("%s", answer.Text)
		}
	})
}

// A claim is not refused because a clock has just stepped.
func TestClaimAfterAStep(t *testing.T) {
	t.Parallel()

	onEach(t, func(t *testing.T, o *office) {
		o.customer("ada")
		guest := o.anonymous()
		o.clock.Pass(30*24*time.Hour - time.Hour)
		o.clock.Step(2 * time.Hour)
		got := o.trySignIn("ada", rightPassword, guest.RefreshToken, "198.51.100.1").ticket(t, "createUserTicket")
		if got.Claim != "CLAIMED" {
			t.Errorf("claim %s", got.Claim)
		}
	})
}

// Signing out ends a session that has no row yet, whatever the clock shows.
func TestSignOutAfterAStep(t *testing.T) {
	t.Parallel()

	onEach(t, func(t *testing.T, o *office) {
		got := o.anonymous()
		o.clock.Pass(30*24*time.Hour - time.Hour)
		o.clock.Step(2 * time.Hour)
		answer := o.tryRevoke(got.RefreshToken, false)
		o.clock.Step(-2 * time.Hour)
		if again := o.tryRefresh(got.RefreshToken); answer.Reason() == "" && again.Reason() == "" {
			t.Errorf("alive after sign-out: %s", answer.Text)
		}
	})
}

// A client that repeats a refresh with the right attempt is no thief, although the ticket has
// expired meanwhile.
func TestRepeatedUnderAShorterLifetime(t *testing.T) {
	t.Parallel()

	onEach(t, func(t *testing.T, o *office) {
		o.customer("ada")
		used := o.signIn("ada")
		shortened := openWith(t, o.url, o.Keys, o.clock, func(w *tickets.Office) {
			w.Policy.RefreshLifetime = time.Hour
		})
		shortened.repeat(used.RefreshToken, attemptA)
		o.clock.Pass(2 * time.Hour)
		expect(t, shortened.tryRepeat(used.RefreshToken, attemptA), models.ReasonTokenExpired)
	})
}

// A server that has not yet read an application's new epoch accepts its new tickets.
func TestServerThatHasNotReadTheNewEpoch(t *testing.T) {
	t.Parallel()

	onEach(t, func(t *testing.T, o *office) {
		replica := openWith(t, o.url, o.Keys, o.clock)
		must(t, errOf(o.applications.Disable(t.Context(), access.Operator(), "storefront")))
		must(t, errOf(o.applications.Enable(t.Context(), access.Operator(), "storefront")))
		o.follow()
		got := o.anonymous()
		answer := replica.tryRefresh(got.RefreshToken)
		if answer.Reason() != "" && answer.Reason() != models.ReasonBusy {
			t.Errorf("%s", answer.Text)
		}
	})
}

// A repeated refresh returns no ticket of a session that ended with its application.
func TestRepeatedAfterTheApplicationEnded(t *testing.T) {
	t.Parallel()

	onEach(t, func(t *testing.T, o *office) {
		o.customer("ada")
		const day = 24 * time.Hour
		used := o.signIn("ada")
		o.clock.Pass(13 * day)
		o.repeat(used.RefreshToken, attemptA)
		must(t, errOf(o.applications.Disable(t.Context(), access.Operator(), "storefront")))
		must(t, errOf(o.applications.Enable(t.Context(), access.Operator(), "storefront")))
		o.follow()
		expect(t, o.tryRepeat(used.RefreshToken, attemptA), models.ReasonApplicationDisabled)
		o.clock.Pass(2 * day)
		expect(t, o.tryRepeat(used.RefreshToken, attemptA), models.ReasonApplicationDisabled)
	})
}

// Expired sessions are not counted as ended.
func TestExpiredSessionsDoNotCount(t *testing.T) {
	t.Parallel()

	onEach(t, func(t *testing.T, o *office) {
		o.customer("ada")
		o.signIn("ada")
		o.signIn("ada")
		o.clock.Pass(15 * 24 * time.Hour)
		got := o.signIn("ada")
		if ended := o.revoke(got.RefreshToken, true); ended != 1 {
			t.Errorf("%d ended", ended)
		}
	})
}

// After a clock that was ahead is set back, the list of revoked tickets is signed again. Programs
// that verify tickets refuse a list from the future.
func TestFeedAfterAStepBack(t *testing.T) {
	t.Parallel()

	onEach(t, func(t *testing.T, o *office) {
		signedAt := func() time.Time {
			request, err := http.NewRequestWithContext(
				t.Context(), http.MethodGet, o.web.URL+"/.well-known/revoked-tickets", http.NoBody,
			)
			must(t, err)
			_, rest, _ := strings.Cut(o.send(request).Text, ".")
			payload, _, _ := strings.Cut(rest, ".")
			text, err := base64.RawURLEncoding.DecodeString(payload)
			must(t, err)
			var claims struct {
				IssuedAt int64 `json:"iat"`
			}
			must(t, json.Unmarshal(text, &claims))
			return time.Unix(claims.IssuedAt, 0)
		}

		o.clock.Step(2 * time.Hour)
		o.follow()
		signedAt()
		o.clock.Step(-2 * time.Hour)
		o.follow()
		if ahead := signedAt().Sub(o.clock.Now()); ahead > 0 {
			t.Errorf("the list was signed %s from now", ahead)
		}
	})
}
