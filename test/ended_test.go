package test_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/authtickets/authtickets/access"
	"github.com/authtickets/authtickets/applications"
	"github.com/authtickets/authtickets/models"
	"github.com/authtickets/authtickets/tickets"
)

// Every server refuses the access tokens of an ended session, once it has read that it ended.
func TestEndedSessionsAccessTokens(t *testing.T) {
	t.Parallel()

	onEach(t, func(t *testing.T, o *office) {
		o.customer("ada")
		replica := openWith(t, o.url, o.Keys, o.clock)
		for name, end := range map[string]struct {
			do     func() ticket
			reason models.Reason
		}{
			"revoked": {
				func() ticket { got := o.signIn("ada"); o.revoke(got.RefreshToken, false); return got },
				models.ReasonSignedOut,
			},
			"revoked before it had a row": {
				func() ticket { got := o.anonymous(); o.revoke(got.RefreshToken, false); return got },
				models.ReasonSignedOut,
			},
			"everywhere": {
				func() ticket { got := o.signIn("ada"); o.revoke(o.signIn("ada").RefreshToken, true); return got },
				models.ReasonSignedOutEverywhere,
			},
			"claimed": {func() ticket {
				got := o.anonymous()
				o.trySignIn("ada", rightPassword, got.RefreshToken, "198.51.100.1").ticket(t, "createUserTicket")
				return got
			}, models.ReasonSignedIn},
			"reused": {func() ticket {
				got := o.anonymous()
				o.refresh(got.RefreshToken)
				o.clock.Pass(31 * time.Second)
				expect(t, o.tryRefresh(got.RefreshToken), models.ReasonTokenReused)
				return got
			}, models.ReasonTokenReused},
		} {
			got := end.do()
			replica.follow()
			answer := replica.currentShopper("userId", bearer(got.AccessToken)...)
			if answer.Reason() != end.reason || answer.Errors[0].Extensions.NextStep != "SIGN_IN" {
				t.Errorf("%s: %s", name, answer.Text)
			}
		}

		expect(t, replica.currentShopper("userId", bearer(o.signIn("ada").AccessToken)...), "")
	})
}

// A shortened lifetime also applies to older access tokens. An ended session stays ended while one
// of them could still be valid.
func TestShortenedLifetime(t *testing.T) {
	t.Parallel()

	onEach(t, func(t *testing.T, o *office) {
		lives := func(lifetime time.Duration) {
			_, err := o.applications.Update(
				t.Context(), access.Operator(), applications.Storefront, applications.Change{AccessLifetime: &lifetime},
			)
			must(t, err)
			o.follow()
		}

		lives(24 * time.Hour)
		ended, going := o.anonymous(), o.anonymous()
		lives(5 * time.Minute)
		o.revoke(ended.RefreshToken, false)
		o.follow()
		expect(t, o.currentShopper("userId", bearer(ended.AccessToken)...), models.ReasonSignedOut)
		expect(t, o.currentShopper("userId", bearer(going.AccessToken)...), "")
		o.clock.Pass(5 * time.Minute)
		o.follow()

		for _, got := range []ticket{ended, going} {
			expect(t, o.currentShopper("userId", bearer(got.AccessToken)...), models.ReasonTokenExpired)
		}
	})
}

// A server does not accept a token before it has read which sessions have ended.
func TestEndedSessionsNotAskedFor(t *testing.T) {
	t.Parallel()

	onEach(t, func(t *testing.T, o *office) {
		got := o.anonymous()
		fresh, err := tickets.Open(*o.Office)
		must(t, err)
		starting := o.with(func(s *webSettings) { s.Office, s.Schema = fresh, schemaOf(fresh, o.Accounts) })
		expect(t, starting.currentShopper("userId", bearer(got.AccessToken)...), models.ReasonBusy)
		if _, err := fresh.Introspect(t.Context(), access.Operator(), secretText(got.AccessToken)); err == nil {
			t.Error("introspection answers")
		}

		must(t, fresh.ReloadEnded(t.Context()))
		expect(t, starting.currentShopper("userId", bearer(got.AccessToken)...), "")
	})
}

// However many anonymous sessions a stranger ends, the list of revoked tickets stays small. It
// still contains the tickets of customers.
func TestManyAnonymousSessionsEnd(t *testing.T) {
	t.Parallel()

	o := open(t, sqlite(t))
	o.customer("ada")
	ada := o.signIn("ada")

	for i := range 25 {
		rows := make([]models.Session, 1000)
		for j := range rows {
			rows[j] = models.Session{
				ID:          models.ID{15: byte(i), 14: byte(j), 13: byte(j >> 8), 0: 1},
				Application: applications.Storefront,
				IsAnonymous: true,
				StartedAt:   begin,
				RefreshedAt: begin,
				ExpiresAt:   begin.Add(time.Hour),
				PurgeAt:     begin.Add(48 * time.Hour),
				EndedAt:     &begin,
				EndReason:   models.ReasonSignedOut,
			}
		}

		o.insertSessions(rows)
		o.follow()
	}

	o.revoke(ada.RefreshToken, false)
	o.follow()
	expect(t, o.currentShopper("userId", bearer(ada.AccessToken)...), models.ReasonSignedOut)
	request, err := http.NewRequestWithContext(
		t.Context(), http.MethodGet, o.web.URL+"/.well-known/revoked-tickets", http.NoBody,
	)
	must(t, err)
	if feed := o.send(request); len(feed.Text) > 2<<20 || len(feed.Text) < 100<<10 {
		t.Errorf("the list has %d bytes", len(feed.Text))
	}
}

// Servers with equal lists of revoked tickets send the same tag. So a client that has the list of
// one server need not download it from another.
func TestFeedTag(t *testing.T) {
	t.Parallel()

	onEach(t, func(t *testing.T, o *office) {
		replica := openWith(t, o.url, o.Keys, o.clock)
		feed := func(o *office) (text, tag string) {
			request, err := http.NewRequestWithContext(
				t.Context(), http.MethodGet, o.web.URL+"/.well-known/revoked-tickets", http.NoBody,
			)
			must(t, err)
			got := o.send(request)
			return got.Text, got.Header.Get("ETag")
		}

		_, empty := feed(o)
		o.revoke(o.anonymous().RefreshToken, false)
		o.follow()
		replica.follow()
		here, tag := feed(o)
		there, same := feed(replica)
		if here == there || tag != same || tag == empty {
			t.Errorf("%s, %s and before %s", tag, same, empty)
		}

		// Without news from the database, the list is not signed again. In the end it is no longer
		// served.
		o.clock.Pass(time.Minute)
		if again, _ := feed(o); again != here {
			t.Error("an old list was signed again")
		}

		o.clock.Pass(time.Minute)
		if gone, _ := feed(o); gone != `{"error":"temporarily_unavailable"}` {
			t.Error(gone)
		}

		o.follow()
		if again, _ := feed(o); again == here || len(again) < 100 {
			t.Error("not signed again:", again)
		}
	})
}

// An anonymous shopper can end its session, whether or not the session has a row yet.
func TestAnonymousShopperEndsItsSession(t *testing.T) {
	t.Parallel()

	onEach(t, func(t *testing.T, o *office) {
		for name, got := range map[string]ticket{
			"not written": o.anonymous(), "refreshed": o.refresh(o.anonymous().RefreshToken),
		} {
			var shopper struct{ SessionID string }
			must(
				t,
				json.Unmarshal(
					o.currentShopper("sessionId", bearer(got.AccessToken)...).Data["currentShopper"], &shopper,
				),
			)

			end := func() string {
				return string(
					o.post(fmt.Sprintf(`mutation { endSession(id: %q) { sessionsEnded } }`, shopper.SessionID),
						nil, bearer(got.AccessToken)...).Data["endSession"],
				)
			}
			if ended := end(); ended != `{"sessionsEnded":1}` {
				t.Errorf("%s: %s", name, ended)
			}
			if ended := end(); ended != `{"sessionsEnded":0}` {
				t.Errorf("%s, again: %s", name, ended)
			}

			expect(t, o.tryRefresh(got.RefreshToken), models.ReasonSignedOut)
		}
	})
}
