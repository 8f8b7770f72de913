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

// replicas are two servers on one database, with two applications.
type replicas struct {
	*site

	t           *testing.T
	here, there *server
	secret      string // of the application "backend"
}

func newReplicas(t *testing.T, url string) *replicas {
	t.Helper()
	s := newSite(t, url)
	here := s.start()
	r := &replicas{site: s, t: t, here: here, there: s.start("--issuer=" + here.url)} // as if behind one load balancer
	r.secret = s.secretOf(
		"backend",
		"--behaviors=orders.read",
		"--anonymous-behaviors=catalog.read",
		"--own-behaviors=tickets.introspect",
	)

	return r
}

func (r *replicas) both() []*server { return []*server{r.here, r.there} }

// backend returns the headers of the application "backend". shop returns those of the storefront.
func (r *replicas) backend(more ...string) []string {
	return append([]string{"x-application", "backend", "x-application-secret", r.secret}, more...)
}

func (r *replicas) shop(more ...string) []string {
	return append([]string{"x-application", "storefront"}, more...)
}

func issueOperation() operation {
	return operation{
		`mutation { anonymousShopperTicket { accessToken refreshToken behaviors jwtAccessToken } }`, nil,
	}
}

// issued is a ticket with its behaviors.
type issued struct {
	AccessToken, RefreshToken, JWTAccessToken string
	Behaviors                                 []string
}

// issue returns an anonymous ticket, or an empty one if the server refuses.
func (r *replicas) issue(at *server, headers []string) (got issued) {
	answer := at.ask(issueOperation(), headers...)
	if answer.Reason() == "" {
		must(r.t, json.Unmarshal(answer.Data["anonymousShopperTicket"], &got))
	}
	return got
}

// refusal returns the reason why a server refuses an access token, or none.
func (r *replicas) refusal(at *server, headers []string, token string) models.Reason {
	current := operation{`{ currentShopper { application behaviors } }`, nil}
	return at.ask(current, append([]string{"Authorization", "Bearer " + token}, headers...)...).Reason()
}

// With two applications on two replicas, both replicas know what an operator changes and which
// sessions have ended. So do services that verify tickets themselves.
func TestApplicationsOnReplicas(t *testing.T) {
	t.Parallel()

	storagetest.Each(t, func(t *testing.T, url string) {
		r := newReplicas(t, url)
		r.changesArrive()
		r.clientsMustNameTheirApplication()

		one, other := r.issue(r.here, r.shop()), r.issue(r.here, r.backend())
		if got := r.refusal(r.there, r.shop(), one.AccessToken) +
			r.refusal(r.there, r.backend(), other.AccessToken); got != "" {
			t.Error(got)
		}
		if got := r.refusal(r.there, r.backend(), one.AccessToken); got != "TOKEN_INVALID" {
			t.Errorf("a ticket of one application is valid for the other: %q", got)
		}

		verifier := r.verifier()
		for _, token := range []string{one.JWTAccessToken, one.AccessToken} {
			shopper, err := verifier.Verify(soon(t), token)
			if err != nil || shopper.Application != "storefront" || !shopper.IsAnonymous ||
				!slices.Equal(shopper.Behaviors, []string{"cart.read"}) {
				t.Errorf("%+v %v", shopper, err)
			}
		}

		r.revocationArrives(verifier, one, other)
		r.disablingArrives(verifier, other)
	})
}

// changesArrive fails unless both replicas learn of a new application and of changes to another.
func (r *replicas) changesArrive() {
	t := r.t
	t.Helper()
	r.operate(
		"application", "update", "storefront", "--behaviors=cart.write",
		"--anonymous-behaviors=cart.read", "--origins=https://shop.example",
	)

	for _, replica := range r.both() {
		within(t, 5*time.Second, "a new application", func() bool {
			return slices.Equal(r.issue(replica, r.backend()).Behaviors, []string{"catalog.read"})
		})
		within(t, 5*time.Second, "changed behaviors", func() bool {
			return slices.Equal(r.issue(replica, r.shop()).Behaviors, []string{"cart.read"})
		})
		within(t, 5*time.Second, "changed origins", func() bool {
			got := replica.ask(issueOperation(), r.shop("Origin", "https://shop.example")...)
			return got.Header.Get("Access-Control-Allow-Origin") == "https://shop.example"
		})

		expect(t, replica.ask(issueOperation()), "") // there is only one public application
		foreign := replica.ask(issueOperation(), r.shop("Origin", "https://foreign.example")...)
		expect(t, foreign, "ORIGIN_NOT_ALLOWED")
	}
}

// clientsMustNameTheirApplication fails unless that is so when there are two public applications.
func (r *replicas) clientsMustNameTheirApplication() {
	t := r.t
	t.Helper()
	_, _, stderr := run(t, r.folder, r.variables(), "application", "create", "kiosk")
	if !strings.Contains(stderr, "x-application") {
		t.Errorf("the command does not say what that means: %q", stderr)
	}

	for _, replica := range r.both() {
		within(t, 5*time.Second, "it could be either", func() bool {
			return replica.ask(issueOperation()).Reason() == "APPLICATION_MISSING"
		})
	}
}

// verifier returns the verifier of a service that calls as the application "backend".
func (r *replicas) verifier() *verify.Verifier {
	r.t.Helper()
	verifier, err := verify.New(verify.Settings{
		Issuer:           r.here.url,
		Server:           r.there.url,
		Audience:         r.here.url,
		Application:      "backend",
		Secret:           func() string { return r.secret },
		FeedInterval:     200 * time.Millisecond,
		IntrospectionAge: 100 * time.Millisecond,
	})

	must(r.t, err)
	following, stop := context.WithCancel(r.t.Context())
	r.t.Cleanup(stop)
	go verifier.Follow(following)
	return verifier
}

// revocationArrives fails unless a ticket that is revoked on one replica is refused by the other,
// and by services that verify tickets themselves.
func (r *replicas) revocationArrives(verifier *verify.Verifier, revoked, other issued) {
	t := r.t
	t.Helper()
	revoke := revokeOperation(revoked.RefreshToken, false)
	if ended := r.here.ask(revoke, r.shop()...).sessionsEnded(t); ended != 1 {
		t.Errorf("%d sessions ended", ended)
	}

	begin := time.Now()
	remaining := func() time.Duration { return time.Second*raceFactor - time.Since(begin) }
	within(t, remaining(), "refused on the other replica", func() bool {
		return r.refusal(r.there, r.shop(), revoked.AccessToken) == "SIGNED_OUT"
	})
	within(t, remaining(), "refused offline", func() bool {
		_, err := verifier.Verify(soon(t), revoked.JWTAccessToken)
		return errors.Is(err, verify.ErrRevoked)
	})
	within(t, remaining(), "refused by introspection", func() bool {
		_, err := verifier.Verify(soon(t), revoked.AccessToken)
		return errors.Is(err, verify.ErrInvalid)
	})
	if _, err := verifier.Verify(soon(t), other.JWTAccessToken); err != nil {
		t.Error("another session has ended, too:", err)
	}
}

// disablingArrives fails unless the tickets of a disabled application are refused everywhere.
func (r *replicas) disablingArrives(verifier *verify.Verifier, held issued) {
	t := r.t
	t.Helper()
	r.operate("application", "disable", "backend", "--yes")
	within(t, 5*time.Second, "disabled", func() bool {
		return r.refusal(r.there, r.backend(), held.AccessToken) == "APPLICATION_DISABLED"
	})
	within(t, 5*time.Second, "disabled offline", func() bool {
		_, err := verifier.Verify(soon(t), held.JWTAccessToken)
		return errors.Is(err, verify.ErrRevoked)
	})
	for _, replica := range r.both() {
		replica.expectStatus("/.well-known/oauth-authorization-server", http.StatusOK)
	}
}
