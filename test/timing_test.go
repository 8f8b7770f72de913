package test_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/authtickets/authtickets/models"
	"github.com/authtickets/authtickets/password"
	"github.com/authtickets/authtickets/tickets"
)

// The time for a wrong password does not reveal whether the name exists.
func TestWrongPasswordsTakeTheSameTime(t *testing.T) { //nolint:paralleltest // it measures time
	o := open(t, sqlite(t), func(w *tickets.Office) {
		hasher, err := password.New(password.Settings{}) // with the cost that servers use
		must(t, err)
		w.Hasher = hasher
		w.Policy.GuessesPerAccount, w.Policy.GuessesPerDay = 1<<20, 1<<20 // so that all are checked
	})

	guesses := 0
	guess := func(name string) time.Duration {
		guesses++
		begin := time.Now()
		got := o.post(
			signInQuery,
			variables{"input": variables{"username": name, "password": "wrong"}},
			"X-Forwarded-For",
			fmt.Sprintf("10.0.%d.%d", guesses>>8, guesses&255),
		)

		took := time.Since(begin)
		expect(t, got, models.ReasonInvalidCredentials)
		return took
	}

	const pairs, most = 60, 0.15
	var apart float64
	for try := range 2 { // the machine may be busy
		o.customer(fmt.Sprint("ada", try))
		took := map[bool][]time.Duration{}
		for i := range 2 * pairs {
			isKnown := i%2 == i/2%2 // so that neither is always first
			name := "nobody"
			if isKnown {
				name = "ada"
			}

			took[isKnown] = append(took[isKnown], guess(fmt.Sprint(name, try)))
		}

		var median [2]float64
		for i, durations := range [][]time.Duration{took[true], took[false]} {
			slices.Sort(durations)
			median[i] = durations[len(durations)/2].Seconds()
		}

		apart = max(median[0], median[1])/min(median[0], median[1]) - 1
		if apart < most {
			return
		}
	}

	t.Errorf("known and unknown names are %.0f %% apart", 100*apart)
}
