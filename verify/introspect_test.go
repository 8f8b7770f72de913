package verify_test

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/authtickets/authtickets/verify"
)

// introspection returns the answer about a valid ticket, without "active".
func (i *issuer) introspection() claims {
	now := i.now().Unix()
	return claims{
		"iss": issuerURL, "sub": userID, "client_id": "storefront", "scope": "cart.read cart.write",
		"token_type": "Bearer", "iat": now - 60, "exp": now + 840, "auth_time": now - 3600,
		"sid": sessionID, "anonymous": true,
	}
}

func TestOpaqueTokensAreAskedAbout(t *testing.T) {
	t.Parallel()

	withClock(t, func(t *testing.T, i *issuer) {
		v := i.verifier()
		i.live[opaqueToken] = i.introspection()
		now := time.Now().UTC()
		want := &verify.Shopper{
			UserID:      userID,
			SessionID:   sessionID,
			Application: "storefront",
			Behaviors:   []string{"cart.read", "cart.write"},
			IsAnonymous: true,
			IssuedAt:    now.Add(-time.Minute),
			StartedAt:   now.Add(-time.Hour),
			ExpiresAt:   now.Add(14 * time.Minute),
		}

		for range 3 {
			shopper := expect(t, v, opaqueToken, nil)
			if diff := cmp.Diff(want, shopper); diff != "" {
				t.Error(diff)
			}

			shopper.Behaviors[0] = "everything" // the caller may change it
		}

		i.live[opaqueToken] = i.introspection().with("scope", "")
		time.Sleep(5*time.Second - time.Nanosecond)
		expect(t, v, opaqueToken, nil)
		if asked := i.askedFor(askPath); asked != 1 {
			t.Errorf("asked %d times", asked)
		}

		time.Sleep(time.Nanosecond)
		if shopper := expect(t, v, opaqueToken, nil); len(shopper.Behaviors) > 0 {
			t.Error("the old answer is still used")
		}

		delete(i.live, opaqueToken)
		time.Sleep(5 * time.Second)
		expect(t, v, opaqueToken, verify.ErrInvalid)
		expect(t, v, opaqueToken, verify.ErrInvalid)
		if asked := i.askedFor(askPath); asked != 3 {
			t.Errorf("asked %d times", asked)
		}

		i.live[opaqueToken] = i.introspection()
		time.Sleep(time.Second)
		expect(t, v, opaqueToken, nil)
	})
}

func TestOpaqueTokensExpire(t *testing.T) {
	t.Parallel()

	withClock(t, func(t *testing.T, i *issuer) {
		v := i.verifier()
		i.live[opaqueToken] = i.introspection().with("exp", time.Now().Unix()+2)
		expect(t, v, opaqueToken, nil)
		time.Sleep(2*time.Second - time.Nanosecond)
		expect(t, v, opaqueToken, nil)
		i.set(func() { i.down = true })
		time.Sleep(time.Nanosecond)
		expect(t, v, opaqueToken, verify.ErrUnavailable)
		i.set(func() { i.down = false })
		expect(t, v, opaqueToken, verify.ErrExpired) // by our clock, although the server says it is active
	})
}

func TestConcurrentCallersShareOneRequest(t *testing.T) {
	t.Parallel()

	withClock(t, func(t *testing.T, i *issuer) {
		i.live[opaqueToken] = i.introspection()
		settings := i.settings()
		settings.Client = &http.Client{Transport: slow{i}}
		v := newVerifier(t, settings)
		var all sync.WaitGroup

		for range 100 {
			all.Go(func() { expect(t, v, opaqueToken, nil) })
		}

		all.Wait()
		if asked := i.askedFor(askPath); asked != 1 {
			t.Errorf("asked %d times", asked)
		}
	})
}

// slow is a server that takes a second to answer.
type slow struct{ *issuer }

func (s slow) RoundTrip(r *http.Request) (*http.Response, error) {
	time.Sleep(time.Second)
	return s.issuer.RoundTrip(r)
}

// Invented tokens cause at most 64 requests at a time. Further ones wait as long as a request may
// take.
func TestConcurrentIntrospectionsAreLimited(t *testing.T) {
	t.Parallel()

	withClock(t, func(t *testing.T, i *issuer) {
		settings := i.settings()
		busy := &busyServer{issuer: i, takes: time.Second}
		settings.Client = &http.Client{Transport: busy}
		v := newVerifier(t, settings)
		askAbout := func(tokens int, want error) time.Duration {
			begin := time.Now()
			var all sync.WaitGroup
			for n := range tokens {
				all.Go(func() { expect(t, v, fmt.Sprint("invented", n), want) })
			}

			all.Wait()
			return time.Since(begin)
		}
		if took := askAbout(128, verify.ErrInvalid); took != 2*time.Second || busy.most != 64 {
			t.Errorf("%d were under way, for %s", busy.most, took)
		}

		time.Sleep(time.Minute)
		busy.takes = time.Hour
		before := i.askedFor(askPath)
		if took := askAbout(128, verify.ErrUnavailable); took != 3*time.Second || busy.most != 64 {
			t.Errorf("%d were under way, for %s", busy.most, took)
		}

		if asked := i.askedFor(askPath) - before; asked > 0 {
			t.Errorf("%d were answered", asked)
		}
	})
}

// busyServer is slow, and counts the requests that are running.
type busyServer struct {
	*issuer

	takes          time.Duration
	underWay, most int
}

func (s *busyServer) RoundTrip(r *http.Request) (*http.Response, error) {
	s.set(func() { s.underWay++; s.most = max(s.most, s.underWay) })
	defer s.set(func() { s.underWay-- })

	select {
	case <-time.After(s.takes):
		return s.issuer.RoundTrip(r)
	case <-r.Context().Done():
		return nil, r.Context().Err()
	}
}

func TestCachedAnswersAreLimited(t *testing.T) {
	t.Parallel()

	withClock(t, func(t *testing.T, i *issuer) {
		settings := i.settings()
		settings.MaxIntrospections = 10
		v := newVerifier(t, settings)
		asked := func(names ...string) int {
			before := i.askedFor(askPath)
			for _, name := range names {
				want := verify.ErrInvalid
				if i.live[name] != nil {
					want = nil
				}

				expect(t, v, name, want)
			}

			return i.askedFor(askPath) - before
		}

		var live, dead []string
		for n := range 10 {
			live, dead = append(live, fmt.Sprint("live", n)), append(dead, fmt.Sprint("dead", n))
			i.live[live[n]] = i.introspection()
		}

		if first, again := asked(live...), asked(live...); first != 10 || again != 0 {
			t.Errorf("asked %d and %d times", first, again)
		}
		if first, again := asked(dead...), asked(dead...); first != 10 || again != 0 {
			t.Errorf("asked %d and %d times", first, again)
		}
		if again := asked(live...); again != 0 {
			t.Errorf("%d active tokens were displaced by others", again)
		}

		i.live["onemore"] = i.introspection()
		asked("onemore")
		if again := asked(live[5:]...); again != 0 {
			t.Errorf("%d of the newer half were forgotten", again)
		}
		if again := asked(live[:5]...); again != 5 {
			t.Errorf("%d of the older half were kept", 5-again)
		}
	})
}

func TestInvalidAnswers(t *testing.T) {
	t.Parallel()

	withClock(t, func(t *testing.T, i *issuer) {
		good := i.introspection().with("active", true)
		bodies := map[string]string{
			"nothing": "", "HTML": "<html>", "no answer": "{}", "a text": `{"active":"true"}`,
			"too long":       `{"active":false,"pad":"` + strings.Repeat("x", 64<<10) + `"}`,
			"another issuer": mustJSON(t, good.with("iss", "https://other.example")),
			"no id":          mustJSON(t, good.with("sub", "Dana")),
		}

		for name := range good {
			if name != "token_type" && name != "scope" {
				bodies["without "+name] = mustJSON(t, good.without(name))
			}
		}

		for name, body := range bodies {
			i.set(func() {
				i.answer = func(w http.ResponseWriter, r *http.Request) bool {
					_, _ = io.WriteString(w, body)
					return true
				}
			})
			if expect(t, i.verifier(), opaqueToken, verify.ErrUnavailable) != nil {
				t.Errorf("%s was accepted", name)
			}
		}
	})
}

func TestOpaqueTokensThatAreNotAskedAbout(t *testing.T) {
	t.Parallel()

	withClock(t, func(t *testing.T, i *issuer) {
		v := i.verifier()
		long := strings.Repeat("a", 16<<10+1)
		for _, token := range []string{"undefined.", "a.b", "a b", "a&token=b", "ä", "a\x00", "-", long, ""} {
			expect(t, v, token, verify.ErrInvalid)
		}

		settings := i.settings()
		settings.Application, settings.Secret = "", nil
		expect(t, newVerifier(t, settings), opaqueToken, verify.ErrInvalid)
		if asked := i.askedFor(askPath); asked != 0 {
			t.Errorf("asked %d times", asked)
		}

		settings.Application, settings.Secret = "gateway", func() string { return "wrong" }
		expect(t, newVerifier(t, settings), opaqueToken, verify.ErrUnavailable)
	})
}
