package program_test

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/authtickets/authtickets/models"
	"github.com/authtickets/authtickets/storage/storagetest"
	"github.com/authtickets/authtickets/verify"
)

// operate runs an operator's command on the site's database and returns its output.
func (s *site) operate(arguments ...string) string {
	s.t.Helper()
	code, stdout, stderr := run(s.t, s.folder, s.variables(), arguments...)
	if code != 0 {
		s.t.Fatalf("%v: %s", arguments, stderr)
	}

	return stdout
}

var shownSecret = regexp.MustCompile(`[A-Za-z0-9]{40,}`)

// secretOf creates a confidential application and returns its secret.
func (s *site) secretOf(id string, flags ...string) string {
	s.t.Helper()
	return shownSecret.FindString(
		s.operate(append([]string{"application", "create", id, "--confidential"}, flags...)...),
	)
}

// within waits until a condition is true, and returns how long that took. It fails after limit.
func within(t testing.TB, limit time.Duration, what string, true func() bool) time.Duration {
	t.Helper()
	begin := time.Now()
	for !true() {
		if time.Since(begin) > limit {
			t.Fatalf("%s: not within %s", what, limit)
		}

		time.Sleep(20 * time.Millisecond)
	}

	return time.Since(begin)
}

// With two applications on two replicas, both replicas know what an operator changes and which
// sessions have ended. So do services that verify tickets themselves.
func TestApplicationsOnReplicas(t *testing.T) {
	t.Parallel()

	storagetest.Each(t, func(t *testing.T, url string) {
		s := newSite(t, url)
		here := s.start()
		there := s.start("--issuer=" + here.url) // as if behind one load balancer
		backend := s.secretOf(
			"backend",
			"--behaviors=orders.read",
			"--anonymous-behaviors=catalog.read",
			"--own-behaviors=tickets.introspect",
		)

		s.operate(
			"application", "update", "storefront", "--behaviors=cart.write",
			"--anonymous-behaviors=cart.read", "--origins=https://shop.example",
		)
		as := []string{"x-application", "backend", "x-application-secret", backend}
		shop := []string{"x-application", "storefront"}
		issue := operation{
			`mutation { anonymousShopperTicket { accessToken refreshToken behaviors jwtAccessToken } }`,
			nil,
		}
		type ticket struct {
			AccessToken, RefreshToken, JWTAccessToken string
			Behaviors                                 []string
		}

		issued := func(at *server, headers []string) (got ticket) {
			answer := at.ask(issue, headers...)
			if answer.Reason() == "" {
				must(t, json.Unmarshal(answer.Data["anonymousShopperTicket"], &got))
			}
			return got
		}

		for _, replica := range []*server{here, there} {
			within(
				t,
				5*time.Second,
				"a new application",
				func() bool { return slices.Equal(issued(replica, as).Behaviors, []string{"catalog.read"}) },
			)

			within(
				t,
				5*time.Second,
				"changed behaviors",
				func() bool { return slices.Equal(issued(replica, shop).Behaviors, []string{"cart.read"}) },
			)

			within(t, 5*time.Second, "changed origins", func() bool {
				return replica.ask(
					issue,
					append(shop, "Origin", "https://shop.example")...).Header.Get(
					"Access-Control-Allow-Origin",
				) == "https://shop.example"
			})

			expect(t, replica.ask(issue), "") // there is only one public application
			expect(t, replica.ask(issue, append(shop, "Origin", "https://foreign.example")...), "ORIGIN_NOT_ALLOWED")
		}

		if _, _, stderr := run(t, s.folder, s.variables(), "application", "create", "kiosk"); !strings.Contains(
			stderr, "x-application",
		) {
			t.Errorf("the command does not say what that means: %q", stderr)
		}

		for _, replica := range []*server{here, there} {
			within(
				t,
				5*time.Second,
				"it could be either",
				func() bool { return replica.ask(issue).Reason() == "APPLICATION_MISSING" },
			)
		}

		current := operation{`{ currentShopper { application behaviors } }`, nil}
		asks := func(replica *server, headers []string, token string) models.Reason {
			return replica.ask(current, append([]string{"Authorization", "Bearer " + token}, headers...)...).Reason()
		}
		one, other := issued(here, shop), issued(here, as)
		if got := asks(there, shop, one.AccessToken) + asks(there, as, other.AccessToken); got != "" {
			t.Error(got)
		}

		if got := asks(there, as, one.AccessToken); got != "TOKEN_INVALID" {
			t.Errorf("a ticket of one application is valid for the other: %q", got)
		}

		verifier, err := verify.New(verify.Settings{
			Issuer:           here.url,
			Server:           there.url,
			Audience:         here.url,
			Application:      "backend",
			Secret:           func() string { return backend },
			FeedInterval:     200 * time.Millisecond,
			IntrospectionAge: 100 * time.Millisecond,
		})

		must(t, err)
		following, stop := context.WithCancel(t.Context())
		t.Cleanup(stop)
		go verifier.Follow(following)

		for _, token := range []string{one.JWTAccessToken, one.AccessToken} {
			shopper, err := verifier.Verify(soon(t), token)
			if err != nil || shopper.Application != "storefront" || !shopper.IsAnonymous ||
				!slices.Equal(shopper.Behaviors, []string{"cart.read"}) {
				t.Errorf("%+v %v", shopper, err)
			}
		}

		// A ticket that is revoked on one replica is refused by the other, and by services that
		// verify tickets themselves.
		revoke := revokeOperation(one.RefreshToken, false)
		if ended := here.ask(revoke, shop...).sessionsEnded(t); ended != 1 {
			t.Errorf("%d sessions ended", ended)
		}

		begin := time.Now()
		remaining := func() time.Duration { return time.Second*raceFactor - time.Since(begin) }
		within(
			t,
			remaining(),
			"refused on the other replica",
			func() bool { return asks(there, shop, one.AccessToken) == "SIGNED_OUT" },
		)

		within(t, remaining(), "refused offline", func() bool {
			_, err := verifier.Verify(soon(t), one.JWTAccessToken)
			return errors.Is(err, verify.ErrRevoked)
		})
		within(t, remaining(), "refused by introspection", func() bool {
			_, err := verifier.Verify(soon(t), one.AccessToken)
			return errors.Is(err, verify.ErrInvalid)
		})
		if _, err := verifier.Verify(soon(t), other.JWTAccessToken); err != nil {
			t.Error("another session has ended, too:", err)
		}

		// The tickets of a disabled application are refused everywhere.
		s.operate("application", "disable", "backend", "--yes")
		within(
			t,
			5*time.Second,
			"disabled",
			func() bool { return asks(there, as, other.AccessToken) == "APPLICATION_DISABLED" },
		)

		within(t, 5*time.Second, "disabled offline", func() bool {
			_, err := verifier.Verify(soon(t), other.JWTAccessToken)
			return errors.Is(err, verify.ErrRevoked)
		})
		for _, replica := range []*server{here, there} {
			replica.expectStatus("/.well-known/oauth-authorization-server", http.StatusOK)
		}
	})
}
