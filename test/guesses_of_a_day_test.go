package test_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/authtickets/authtickets/models"
	"github.com/authtickets/authtickets/tickets"
)

// In any 24 hours only a limited number of guesses is checked, however many sources guess, and
// however slowly. Each name has half of its account's limit.
func TestGuessesOfADay(t *testing.T) {
	t.Parallel()

	onEach(t, func(t *testing.T, o *office) {
		o.customer("ada")
		device := o.signIn("ada")
		for _, name := range []string{"ada", "nobody"} {
			var judged []time.Time
			for i := range 1500 {
				got := o.trySignIn(name, "wrong", "", fmt.Sprintf("198.18.%d.%d", i/200, i%200))
				if got.Reason() == models.ReasonInvalidCredentials {
					judged = append(judged, o.clock.Now())
				} else if got.Errors[0].Extensions.RetryAfterSeconds == 0 {
					t.Fatalf("the answer does not say how long to wait: %s", got.Text)
				}

				o.clock.Pass(3 * time.Minute) // three days
			}

			if most := mostIn(24*time.Hour, judged); most != 50 || len(judged) < 2*50 {
				t.Errorf("%s: %d guesses were judged in 24 hours, and %d in all", name, most, len(judged))
			}

			o.clock.Pass(36 * time.Hour)
		}

		expect(t, o.trySignInOn(device.RefreshToken, "ada", rightPassword, "198.51.100.1"), "")
	}, func(w *tickets.Office) { w.Policy.Lockout = time.Second })
}

// mostIn returns the largest number of instants within any period of a length.
func mostIn(span time.Duration, instants []time.Time) (most int) {
	for i, first := range instants {
		count := 0
		for _, other := range instants[i:] {
			if other.Sub(first) < span {
				count++
			}
		}

		most = max(most, count)
	}
	return most
}

// Each source has a limit of its own, so that one source cannot use up the limit of a day.
func TestGuessesOfASourceAndDay(t *testing.T) {
	t.Parallel()

	onEach(t, func(t *testing.T, o *office) {
		o.customer("ada")
		var judged []time.Time
		for range 800 {
			if o.trySignIn("ada", "wrong", "", "203.0.113.5").Reason() == models.ReasonInvalidCredentials {
				judged = append(judged, o.clock.Now())
			}

			o.clock.Pass(7 * time.Minute)
		}

		if most := mostIn(24*time.Hour, judged); most != 20 || len(judged) < 2*20 {
			t.Errorf("%d guesses of one source were judged in 24 hours, and %d in all", most, len(judged))
		}

		expect(t, o.trySignIn("ada", rightPassword, "", "198.51.100.1"), "")
	})
}
