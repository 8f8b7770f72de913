package applications_test

import (
	"strings"
	"testing"
	"time"

	"github.com/authtickets/authtickets/access"
	"github.com/authtickets/authtickets/applications"
	"github.com/authtickets/authtickets/models"
	"github.com/authtickets/authtickets/secret"
	"github.com/authtickets/authtickets/timing"
)

// A ticket that ended on one server is refused by another one after its next Reload. Nobody can
// renew it from then on, on any server.
func TestEndedApplicationTickets(t *testing.T) {
	t.Parallel()

	onCounters(t, func(t *testing.T, b *book, one, two *counter, shown secret.Text) {
		ticket, other := one.issued(shown), one.issued(shown)
		renewed, err := one.Renew(t.Context(), &access.Caller{}, ticket.RefreshToken)
		must(t, err)

		for range 2 { // it can be repeated
			must(t, one.End(t.Context(), &access.Caller{}, ticket.RefreshToken))
		}
		for _, token := range []secret.Text{ticket.RefreshToken, renewed.RefreshToken} {
			expect(t, "renewed here", one.renews(token), models.ReasonApplicationInvalid)
			expect(t, "renewed there", two.renews(token), models.ReasonApplicationInvalid)
		}
		two.reload()
		for _, token := range []secret.Text{ticket.AccessToken, renewed.AccessToken} {
			expect(t, "after Reload", two.proves(token), models.ReasonApplicationInvalid)
		}
		expect(t, "another ticket", two.proves(other.AccessToken), "")
		expect(t, "another ticket, renewed", two.renews(other.RefreshToken), "")

		begin := b.now
		b.now = begin.Add(24 * time.Hour)
		must(t, one.End(t.Context(), &access.Caller{}, other.RefreshToken)) // it has expired

		purged := func(at time.Time) int {
			count, err := b.Store.PurgeApplicationTickets(t.Context(), at, 10)
			must(t, err)
			return count
		}
		over := begin.Add(24*time.Hour + timing.PurgeMargin)
		if got := purged(over.Add(-time.Microsecond)); got != 0 {
			t.Errorf("%d rows are purged before the tokens have expired", got)
		}
		if got := purged(over); got != 1 {
			t.Errorf("%d rows are purged", got)
		}
		two.reload()
		expect(t, "after the purge", two.renews(renewed.RefreshToken), models.ReasonApplicationInvalid)
		if left, err := b.Store.EndedApplicationTickets(t.Context()); err != nil || len(left) != 1 {
			t.Errorf("%v, %v", left, err)
		}
	})
}

func TestEndOfNothing(t *testing.T) {
	t.Parallel()

	onCounters(t, func(t *testing.T, b *book, one, _ *counter, shown secret.Text) {
		ticket := one.issued(shown)
		for name, token := range map[string]secret.Text{
			"no token": {}, "an access token": ticket.AccessToken, "nonsense": secret.New("undefined"),
		} {
			err := one.End(t.Context(), &access.Caller{}, token)
			expect(t, name, err, models.ReasonApplicationInvalid)
		}

		must(t, b.Delete(t.Context(), access.Operator(), "server"))
		one.reload()
		err := one.End(t.Context(), &access.Caller{}, ticket.RefreshToken)
		expect(t, "the application is deleted", err, models.ReasonApplicationInvalid)
		if left, err := b.Store.EndedApplicationTickets(t.Context()); err != nil || len(left) != 0 {
			t.Errorf("%v, %v", left, err)
		}
	})
}

// A ticket is valid as long as the secret with which it was requested.
func TestApplicationTicketsAfterRotation(t *testing.T) {
	t.Parallel()

	onCounters(t, func(t *testing.T, b *book, one, two *counter, shown secret.Text) {
		first := one.issued(shown)
		newer, err := b.RotateSecret(t.Context(), access.Operator(), "server", time.Hour)
		must(t, err)
		expect(t, "before Reload", two.proves(first.AccessToken), "")
		one.reload()
		second := one.issued(newer)
		must(t, errOf(one.Issue(t.Context(), &access.Caller{Application: "server", Secret: shown})))

		row, err := b.Find(t.Context(), access.Operator(), "server")
		must(t, err)
		began := b.now
		b.now = row.PreviousSecretUntil.Add(-time.Microsecond)
		young := one.issued(shown)
		expect(t, "while the old secret is kept", one.proves(young.AccessToken), "")
		b.now = *row.PreviousSecretUntil
		expect(t, "the old secret is over", one.proves(young.AccessToken), models.ReasonApplicationInvalid)
		expect(t, "the old secret is over, renew", one.renews(first.RefreshToken), models.ReasonApplicationInvalid)
		expect(t, "the new secret", one.renews(second.RefreshToken), "")

		b.now = began
		_, err = b.RotateSecret(t.Context(), access.Operator(), "server", 0)
		must(t, err)
		one.reload()
		for _, ticket := range []*applications.Ticket{first, second} {
			expect(t, "nothing is kept", one.proves(ticket.AccessToken), models.ReasonApplicationInvalid)
			expect(t, "nothing is kept, renew", one.renews(ticket.RefreshToken), models.ReasonApplicationInvalid)
		}
	})
}

// Disabling or deleting an application ends its tickets. They do not come back.
func TestApplicationTicketsOfDisabledApplications(t *testing.T) {
	t.Parallel()

	onCounters(t, func(t *testing.T, b *book, one, _ *counter, shown secret.Text) {
		before := one.issued(shown)
		refused := func(step string, reason models.Reason) {
			t.Helper()
			one.reload()
			expect(t, step, one.proves(before.AccessToken), reason)
			expect(t, step+", renew", one.renews(before.RefreshToken), reason)
		}

		must(t, errOf(b.Disable(t.Context(), access.Operator(), "server")))
		refused("disabled", models.ReasonApplicationDisabled)
		err := errOf(one.Issue(t.Context(), &access.Caller{Application: "server", Secret: shown}))
		expect(t, "disabled, issue", err, models.ReasonApplicationDisabled)

		must(t, errOf(b.Enable(t.Context(), access.Operator(), "server")))
		refused("enabled", models.ReasonApplicationInvalid)
		expect(t, "a ticket after that", one.proves(one.issued(shown).AccessToken), "")

		last := one.issued(shown)
		must(t, b.Delete(t.Context(), access.Operator(), "server"))
		refused("deleted", models.ReasonApplicationInvalid)
		_ = b.create("server", true, applications.Change{})
		one.reload()
		expect(t, "another one with its id", one.proves(last.AccessToken), models.ReasonApplicationInvalid)
	})
}

// The record has each ticket that an application requests or ends, and no secret or token.
func TestActsOfApplications(t *testing.T) {
	t.Parallel()

	onCounters(t, func(t *testing.T, _ *book, one, _ *counter, shown secret.Text) {
		recorded := func(step string, want ...string) {
			t.Helper()
			text := one.log.String()
			one.log.Reset()
			for _, part := range want {
				if strings.Count(text, "\n") != 1 || !strings.Contains(text, part) {
					t.Errorf("%s: %q is not in one line:\n%s", step, part, text)
				}
			}
			if len(want) == 0 && text != "" {
				t.Errorf("%s: %s", step, text)
			}
			if strings.Contains(text, shown.Reveal()) {
				t.Errorf("%s: the secret is in the record", step)
			}
		}

		ticket := one.issued(shown)
		recorded("sign-in", "act=application.sign-in", "by=server", "application=server", "session=", "outcome=done")
		_ = errOf(one.Issue(t.Context(), &access.Caller{Application: "server", Secret: secret.New("wrong")}))
		recorded("wrong secret", "act=application.sign-in", "outcome=APPLICATION_INVALID")
		expect(t, "renew", one.renews(ticket.RefreshToken), "")
		expect(t, "use", one.proves(ticket.AccessToken), "")
		recorded("renew and use")
		must(t, one.End(t.Context(), &access.Caller{}, ticket.RefreshToken))
		recorded("sign-out", "act=application.sign-out", "by=server", "application=server", "session=", "outcome=done")
		_ = one.End(t.Context(), &access.Caller{}, secret.New("undefined"))
		recorded("no token", "act=application.sign-out", "outcome=APPLICATION_INVALID")
	})
}

func errOf[T any](_ T, err error) error { return err }
