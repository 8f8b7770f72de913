package test_test

import (
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/authtickets/authtickets/models"
)

const (
	attemptA = "0123456789abcdefABCDEF"
	attemptB = "zyxwvutsrqponmlkjihgfe"
)

// A lost answer signs nobody out. The same attempt gets the same ticket on every server, however
// late, until that ticket is refreshed.
func TestRepeatedRefresh(t *testing.T) {
	t.Parallel()

	onEach(t, func(t *testing.T, o *office) {
		o.customer("ada")
		replica := openWith(t, o.url, o.Keys, o.clock)
		for name, begin := range map[string]func() ticket{
			"customer": func() ticket { return o.signIn("ada") }, "guest": o.anonymous,
			"refreshed guest": func() ticket { return o.refresh(o.anonymous().RefreshToken) },
		} {
			first := begin()
			lost := o.repeat(first.RefreshToken, attemptA)
			for _, pause := range []time.Duration{time.Second, time.Minute, 23 * time.Hour, 9 * 24 * time.Hour} {
				o.clock.Pass(pause)
				for _, server := range []*office{o, replica} {
					if got := server.repeat(first.RefreshToken, attemptA); got.raw != lost.raw {
						t.Errorf("%s, %s later:\n%s\n%s", name, pause, lost.raw, got.raw)
					}
				}
			}

			next := replica.repeat(lost.RefreshToken, attemptA) // some clients use one attempt for every refresh
			expect(t, o.tryRepeat(first.RefreshToken, attemptA), models.ReasonTokenReused)
			expect(t, o.tryRefresh(next.RefreshToken), models.ReasonTokenReused)
		}
	})
}

// A token that has expired meanwhile still gets the lost ticket.
func TestRepeatedAfterExpiration(t *testing.T) {
	t.Parallel()

	onEach(t, func(t *testing.T, o *office) {
		o.customer("ada")
		const day = 24 * time.Hour
		used, unused := o.signIn("ada"), o.signIn("ada")
		o.clock.Pass(13 * day)
		lost := o.repeat(used.RefreshToken, attemptA)
		o.clock.Pass(2 * day)
		if got := o.repeat(used.RefreshToken, attemptA); got.raw != lost.raw {
			t.Errorf("another ticket:\n%s\n%s", lost.raw, got.raw)
		}

		for _, got := range []answer{
			o.tryRefresh(used.RefreshToken),
			o.tryRepeat(used.RefreshToken, attemptB),
			o.tryRepeat(unused.RefreshToken, attemptA),
		} {
			expect(t, got, models.ReasonTokenExpired)
		}

		o.refresh(lost.RefreshToken) // an expired token ends nothing
		o.clock.Pass(15 * day)
		expect(t, o.tryRepeat(used.RefreshToken, attemptA), models.ReasonTokenExpired)
	})
}

// A client without the attempt has only the reuse window. After that it counts as a thief.
func TestAnotherAttempt(t *testing.T) {
	t.Parallel()

	onEach(t, func(t *testing.T, o *office) {
		for first, second := range map[string]string{attemptA: attemptB, attemptA + "A": "", "": attemptA} {
			used := o.anonymous()
			next := o.tryWith(used.RefreshToken, first).ticket(t, "refreshTicket")
			o.clock.Pass(30 * time.Second)
			if got := o.tryWith(used.RefreshToken, second).ticket(t, "refreshTicket"); got.raw != next.raw {
				t.Errorf("within the window:\n%s\n%s", next.raw, got.raw)
			}

			o.clock.Pass(time.Second)
			expect(t, o.tryWith(used.RefreshToken, second), models.ReasonTokenReused)
			expect(t, o.tryWith(used.RefreshToken, first), models.ReasonTokenReused)
			expect(t, o.tryRefresh(next.RefreshToken), models.ReasonTokenReused)
		}
	})
}

// A malformed attempt is refused, and the token stays unused.
func TestMalformedAttempt(t *testing.T) {
	t.Parallel()

	onEach(t, func(t *testing.T, o *office) {
		got := o.anonymous()
		for _, attempt := range []string{
			"", "short", strings.Repeat("a", 15), strings.Repeat("a", 65), strings.Repeat("é", 16),
			"0123456789abcde-", "0123456789abcdef\n",
		} {
			answer := o.tryRepeat(got.RefreshToken, attempt)
			expect(t, answer, models.ReasonAttemptInvalid)
			if step := answer.Errors[0].Extensions.NextStep; step != "FIX_INPUT" {
				t.Errorf("next step %s", step)
			}
		}

		expect(t, o.tryRepeat("nonsense", attemptA), models.ReasonTokenInvalid)
		if first := o.repeat(got.RefreshToken, strings.Repeat("a", 16)); first.RefreshToken == got.RefreshToken {
			t.Error("not refreshed")
		}
	})
}

// A repeated refresh does not change what ends a session.
func TestRepetitionOfEndedSession(t *testing.T) {
	t.Parallel()

	onEach(t, func(t *testing.T, o *office) {
		o.customer("ada")
		first := o.signIn("ada")
		next := o.repeat(first.RefreshToken, attemptA)
		o.revoke(next.RefreshToken, false)
		expect(t, o.tryRepeat(first.RefreshToken, attemptA), models.ReasonSignedOut)
	})
}

// Many requests at once with one attempt get one ticket, on two servers.
func TestRepetitionsAtOnce(t *testing.T) {
	t.Parallel()

	onEach(t, func(t *testing.T, o *office) {
		replica := openWith(t, o.url, o.Keys, o.clock)
		used := o.refresh(o.anonymous().RefreshToken)
		var group sync.WaitGroup
		answers := make(chan string, 40)

		for i := range cap(answers) {
			server := []*office{o, replica}[i%2]
			group.Go(func() { answers <- server.repeat(used.RefreshToken, attemptA).raw })
		}

		group.Wait()
		close(answers)
		tickets := map[string]bool{}

		for raw := range answers {
			tickets[raw] = true
		}

		if len(tickets) != 1 {
			t.Errorf("%d tickets", len(tickets))
		}
	})
}

// An attempt is not logged, and the database has only its hash.
func TestAttemptsAreSecret(t *testing.T) {
	t.Parallel()

	onEach(t, func(t *testing.T, o *office) {
		got := o.repeat(o.anonymous().RefreshToken, attemptA)
		expect(t, o.tryRepeat("nonsense", attemptA), models.ReasonTokenInvalid)
		expect(t, o.tryRepeat(got.RefreshToken, attemptA+"-"), models.ReasonAttemptInvalid)
		if strings.Contains(o.log.String(), attemptA) {
			t.Error("the log has the attempt")
		}

		row, err := o.Store.Session(t.Context(), sessionID(t, got))
		must(t, err)
		if len(row.AttemptHash) != 8 {
			t.Errorf("the hash has %d bytes", len(row.AttemptHash))
		}
	})
}
