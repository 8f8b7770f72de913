package test_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/authtickets/authtickets/models"
	"github.com/authtickets/authtickets/password"
	"github.com/authtickets/authtickets/tickets"
)

// Wrong passwords count together, over both APIs and for every way to name the source.
func TestKiboGuesses(t *testing.T) {
	t.Parallel()

	onEachKibo(t, func(t *testing.T, k *kiboShop) {
		k.customer("ada")
		for _, name := range []string{"ada", "nobody"} {
			const source, proxied = "203.0.113.5", "203.0.113.5, 192.0.2.1"
			shop := append(as("storefront", ""), "X-Forwarded-For", source)
			for i := range 5 {
				if i%2 == 0 {
					got := k.trySigningIn(name, "wrong", proxied, nil)
					k.wants(name, got, http.StatusBadRequest, "INVALID_CREDENTIALS")
					continue
				}
				input := variables{"input": variables{"username": name, "password": "wrong"}}
				expect(t, k.post(signInQuery, input, shop...), models.ReasonInvalidCredentials)
			}

			for range 3 {
				got := k.trySigningIn(name, rightPassword, proxied, nil)
				k.wants(name+" must wait", got, http.StatusTooManyRequests, "TOO_MANY_ATTEMPTS")
				if got.Header.Get("Retry-After") != "900" || got.data("retryAfterSeconds") != "900" ||
					got.ErrorCode != "TOO_MANY_REQUESTS" {
					t.Errorf("%v %s", got.Header, got.Text)
				}
				input := variables{"input": variables{"username": name, "password": rightPassword}}
				expect(t, k.post(signInQuery, input, shop...), models.ReasonTooManyAttempts)
			}
		}

		// The owner can sign in from elsewhere, through the same application.
		k.ticket(k.trySigningIn("ada", rightPassword, "203.0.113.6, 192.0.2.1", nil))
		k.clock.Pass(15 * time.Minute)
		k.ticket(k.trySigningIn("ada", rightPassword, "203.0.113.5, 192.0.2.1", nil))
	})
}

// Many sources lock the name, for both APIs. Then right, wrong and unknown names get one answer.
func TestKiboLocks(t *testing.T) {
	t.Parallel()

	onEachKibo(t, func(t *testing.T, k *kiboShop) {
		k.customer("ada")
		own := k.signedIn("ada")
		for i := range 100 {
			for _, name := range []string{"ada", "nobody"} {
				k.trySigningIn(name, "wrong", fmt.Sprintf("203.0.113.%d, 192.0.2.1", i), nil)
			}
		}

		answers := map[string]bool{}
		for _, guess := range [][2]string{{"ada", rightPassword}, {"ada", "wrong"}, {"nobody", "wrong"}} {
			got := k.trySigningIn(guess[0], guess[1], "198.51.100.200, 192.0.2.1", nil)
			if got.Status != http.StatusTooManyRequests && got.Status != http.StatusForbidden {
				t.Errorf("%s: %d %s", guess[0], got.Status, got.Text)
			}
			answers[fmt.Sprint(got.Status, got.ErrorCode, got.Message, got.AdditionalErrorData)] = true
		}
		if len(answers) != 1 {
			t.Errorf("the answers differ: %v", answers)
		}
		k.ticket(k.tryRefreshing(own.RefreshToken)) // a lock signs nobody out
	})
}

// A refused account number is no way to guess on: the password is judged first, and counted.
func TestKiboGuessesWithAccountIDs(t *testing.T) {
	t.Parallel()

	onEachKibo(t, func(t *testing.T, k *kiboShop) {
		k.customer("ada")
		more := map[string]any{"accountId": 999}
		for range 5 {
			got := k.trySigningIn("ada", "wrong", "203.0.113.5, 192.0.2.1", more)
			k.wants("wrong", got, http.StatusBadRequest, "INVALID_CREDENTIALS")
		}
		got := k.trySigningIn("ada", rightPassword, "203.0.113.5, 192.0.2.1", more)
		k.wants("too many", got, http.StatusTooManyRequests, "TOO_MANY_ATTEMPTS")
	})
}

// The time for a wrong password does not reveal whether the name exists.
func TestKiboWrongPasswordsTakeTheSameTime(t *testing.T) { //nolint:paralleltest // it measures time
	k := open(t, sqlite(t), func(w *tickets.Office) {
		hasher, err := password.New(password.Settings{}) // with the cost that servers use
		must(t, err)
		w.Hasher = hasher
		w.Policy.GuessesPerAccount, w.Policy.GuessesPerDay = 1<<20, 1<<20 // so that all are checked
	}).kibo()

	guesses := 0
	guess := func(name string) time.Duration {
		guesses++
		begin := time.Now()
		got := k.trySigningIn(name, "wrong", fmt.Sprintf("10.0.%d.%d", guesses>>8, guesses&255), nil)
		took := time.Since(begin)
		k.wants(name, got, http.StatusBadRequest, "INVALID_CREDENTIALS")
		return took
	}

	const pairs, most = 40, 0.15
	var apart float64
	for try := range 3 { // the machine may be busy
		k.customer(fmt.Sprint("ada", try))
		known, unknown := make([]time.Duration, 0, pairs), make([]time.Duration, 0, pairs)
		for range pairs {
			known = append(known, guess(fmt.Sprint("ada", try)))
			unknown = append(unknown, guess(fmt.Sprint("nobody", try)))
		}
		slices.Sort(known)
		slices.Sort(unknown)
		a, b := known[pairs/2].Seconds(), unknown[pairs/2].Seconds()
		if apart = max(a, b)/min(a, b) - 1; apart < most {
			return
		}
	}
	t.Errorf("known and unknown names are %.0f %% apart", 100*apart)
}

// Only an application that proves itself can name the shopper's address. Nobody else can choose the
// source of a guess, wherever the application is.
func TestKiboAddressesOfShoppers(t *testing.T) {
	t.Parallel()

	onEachKibo(t, func(t *testing.T, k *kiboShop) {
		k.customer("ada")
		guess := func(forwarded string, headers ...string) string {
			body := jsonOf(t, map[string]any{"username": "ada", "password": "wrong"})
			headers = append(slices.Clone(headers), "X-Forwarded-For", forwarded)
			return k.call(http.MethodPost, shopperPath, body, headers...).data("reason")
		}
		sourceOf := func(forwarded string, headers ...string) string {
			t.Helper()
			k.acts()
			guess(forwarded, headers...)
			acts := k.acts()
			if len(acts) != 1 {
				t.Fatalf("%+v", acts)
			}
			return acts[0].Source
		}

		app, inside := slices.Clone(k.app), bearer(k.oauthFrom("127.0.0.5").AccessToken)
		for i, c := range []struct {
			want, forwarded string
			headers         []string
		}{
			{"203.0.113.%d", "203.0.113.%d, 192.0.2.1", app}, // the application is at 192.0.2.1
			{"203.0.113.%d", "198.51.100.66, 203.0.113.%d, 192.0.2.1", app},
			{"203.0.113.%d", "203.0.113.%d, 127.0.0.7, 192.0.2.1", app},
			{"203.0.113.%d", "203.0.113.%d, 192.0.2.1, 127.0.0.7", app},
			{"192.0.2.1", "198.51.100.66, 192.0.2.1, 192.0.2.1", app}, // the shopper is there, too
			{"192.0.2.%d", "192.0.2.%d", app},
			{"203.0.113.%d", "203.0.113.%d", inside},
			{"203.0.113.%d", "198.51.100.66, 203.0.113.%d", inside},
			{"203.0.113.%d", "198.51.100.66, 203.0.113.%d, 127.0.0.5", inside},
			{"192.0.2.%d", "nonsense, 192.0.2.%d", app},
			{"2001:db8:0:%d::/64", "[2001:db8:0:%d::1]:443, 192.0.2.1", app},
			{"203.0.113.%d", "203.0.113.%d, 192.0.2.1", []string{"x-vol-app-claims", k.app[1][len("Bearer "):]}},
			{"192.0.2.%d", "203.0.113.9, 192.0.2.%d", as("storefront", "")}, // a page cannot name another
			{"192.0.2.%d", "203.0.113.9, 192.0.2.%d", as("shop-app", k.secret)},
			{"203.0.113.9", "192.0.2.7", append(as("shop-app", k.secret), "x-shopper-address", "203.0.113.9")},
			{"203.0.113.8", "192.0.2.7", append(slices.Clone(app), "x-shopper-address", "203.0.113.8")},
		} {
			number := 99 + i
			fill := func(text string) string { return strings.ReplaceAll(text, "%d", fmt.Sprint(number)) }
			if got := sourceOf(fill(c.forwarded), c.headers...); got != fill(c.want) {
				t.Errorf("%s: got %s, want %s", fill(c.forwarded), got, fill(c.want))
			}
		}
	})
}
