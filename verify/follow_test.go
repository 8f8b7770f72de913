package verify_test

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/authtickets/authtickets/verify"
)

// follow runs Follow until the test ends.
func follow(t *testing.T, v *verify.Verifier) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() {
		v.Follow(ctx)
		close(done)
	}()
	t.Cleanup(func() {
		cancel()
		<-done
	})
	synctest.Wait()
}

// interval is slightly longer than Follow waits between two requests.
const interval = 501 * time.Millisecond

// other is the id of another session.
const other = "00000000000000000000000000000002"

func TestFollowRefusesRevokedTickets(t *testing.T) {
	t.Parallel()

	withClock(t, func(t *testing.T, i *issuer) {
		i.publish(i.list())
		i.live[opaqueToken] = i.introspection()
		v := i.verifier()
		follow(t, v)
		token := i.token(i.claims())
		expect(t, v, token, nil)
		expect(t, v, opaqueToken, nil)

		i.publish(i.list(other, sessionID))
		time.Sleep(interval)
		expect(t, v, token, verify.ErrRevoked)
		expect(t, v, opaqueToken, verify.ErrRevoked) // although the server has just said that it is active
		expect(t, v, i.token(i.claims().with("sid", userID)), nil)
	})
}

func TestFollowRefusesTicketsOfApplications(t *testing.T) {
	t.Parallel()

	withClock(t, func(t *testing.T, i *issuer) {
		i.publish(i.list())
		v := i.verifier()
		app := i.token(i.claims().with("client_id", "app"))
		expect(t, v, app, nil) // no list has been read yet
		follow(t, v)
		expect(t, v, app, verify.ErrRevoked)
		expect(t, v, i.token(i.claims()), nil)

		began := time.Now().Unix() - 3600
		i.publish(i.list().with("applications", claims{"app": began}))
		time.Sleep(interval)
		expect(t, v, i.token(i.claims()), verify.ErrRevoked)
		expect(t, v, i.token(i.claims().with("client_id", "app").with("auth_time", began)), nil)
		expect(t, v, i.token(i.claims().with("client_id", "app").with("auth_time", began-1)), verify.ErrRevoked)
	})
}

func TestFollowAsksForChangesOnly(t *testing.T) {
	t.Parallel()

	withClock(t, func(t *testing.T, i *issuer) {
		i.publish(i.list())
		follow(t, i.verifier())
		time.Sleep(time.Minute)
		synctest.Wait()
		if asked, unchanged := i.askedFor(feedPath), i.askedFor("304"); asked != 121 || unchanged != 120 {
			t.Errorf("asked %d times, of which %d without a change", asked, unchanged)
		}

		if asked := i.askedFor(keysPath); asked < 2 || asked > 3 {
			t.Errorf("the keys were fetched %d times in a minute", asked)
		}
	})
}

func TestFollowAcceptsOnlyTheServersNewestList(t *testing.T) {
	t.Parallel()

	withClock(t, func(t *testing.T, i *issuer) {
		i.addKey("2")
		stranger := newIssuer(t)
		typ := header{"typ": "revoked-tickets+jwt"}

		for name, text := range map[string]func(later claims) string{
			"older": func(later claims) string {
				return i.sign("1", typ, later.with("iat", later["iat"].(int64)-11))
			},
			"of another issuer": func(later claims) string {
				return i.sign("1", typ, later.with("iss", "https://evil.example"))
			},
			"expired": func(later claims) string {
				return i.sign("1", typ, later.with("exp", later["iat"]))
			},
			"of the future": func(later claims) string {
				return i.sign("1", typ, later.with("iat", later["iat"].(int64)+60))
			},
			"of no time":       func(later claims) string { return i.sign("1", typ, later.without("iat")) },
			"without end":      func(later claims) string { return i.sign("1", typ, later.without("exp")) },
			"without sessions": func(later claims) string { return i.sign("1", typ, later.without("sids")) },
			"without applications": func(later claims) string {
				return i.sign("1", typ, later.without("applications"))
			},
			"a stranger's":   func(later claims) string { return stranger.sign("1", typ, later) },
			"a ticket":       func(later claims) string { return i.token(later) },
			"something else": func(claims) string { return "<html></html>" },
			"nothing":        func(claims) string { return i.sign("1", typ, claims{}) },
		} {
			i.publish(i.list().with("applications", claims{}))
			v := i.verifier()
			ctx, stop := context.WithCancel(t.Context())
			go v.Follow(ctx)
			synctest.Wait()
			expect(t, v, i.token(i.claims()), verify.ErrRevoked)
			time.Sleep(10 * time.Second)
			i.publishAs(text(i.list()))
			time.Sleep(6 * time.Second)
			if expect(t, v, i.token(i.claims()), verify.ErrRevoked) != nil {
				t.Errorf("%s was accepted", name)
			}

			i.publishAs(i.sign("2", typ, i.list()))
			time.Sleep(6 * time.Second)
			expect(t, v, i.token(i.claims()), nil)
			stop()
			synctest.Wait()
		}
	})
}

// A replica whose clock is behind signs a list that looks old. The list can contain a session that
// the other replicas have not seen yet.
func TestFollowReadsSessionsFromOlderLists(t *testing.T) {
	t.Parallel()

	withClock(t, func(t *testing.T, i *issuer) {
		i.publish(i.list())
		v := i.verifier()
		follow(t, v)
		expect(t, v, i.token(i.claims()), nil)
		behind := i.list(sessionID)
		i.publish(behind.with("iat", behind["iat"].(int64)-3).with("applications", claims{}))
		time.Sleep(interval)
		expect(t, v, i.token(i.claims()), verify.ErrRevoked)
		expect(t, v, i.token(i.claims().with("sid", other)), nil) // its applications are ignored
		i.publish(i.list())
		time.Sleep(interval)
		expect(t, v, i.token(i.claims()), verify.ErrRevoked)
	})
}

// Each replica signs its own list, and notices a revoked session at a slightly different time.
func TestFollowDoesNotForgetBetweenReplicas(t *testing.T) {
	t.Parallel()

	withClock(t, func(t *testing.T, i *issuer) {
		token := i.token(i.claims().with("exp", time.Now().Unix()+3600))
		i.publish(i.list(sessionID))
		v := i.verifier()
		follow(t, v)

		for range 14 {
			time.Sleep(time.Minute)
			i.publish(i.list())
			time.Sleep(interval)
			expect(t, v, token, verify.ErrRevoked)
		}

		time.Sleep(time.Minute)
		i.publish(i.list())
		time.Sleep(interval)
		expect(t, v, token, nil) // its last access token has expired by now
	})
}

func TestFollowWhileTheServerIsAway(t *testing.T) {
	t.Parallel()

	withClock(t, func(t *testing.T, i *issuer) {
		var log bytes.Buffer
		i.publish(i.list(other))
		settings := i.settings()
		settings.Log = slog.New(slog.NewTextHandler(&log, nil))
		open := newVerifier(t, settings)
		settings = i.settings()
		settings.MaxFeedAge = time.Minute
		closed := newVerifier(t, settings)
		long := i.claims().with("exp", time.Now().Unix()+36000)
		token, revoked := i.token(long), i.token(long.with("sid", other))
		expect(t, closed, token, verify.ErrUnavailable) // no list has been read yet
		follow(t, open)
		follow(t, closed)
		expect(t, closed, token, nil)

		i.set(func() { i.down = true })
		before := i.askedFor(feedPath)
		time.Sleep(time.Minute)
		expect(t, closed, token, nil)
		time.Sleep(time.Second)
		expect(t, closed, token, verify.ErrUnavailable)
		expect(t, closed, revoked, verify.ErrRevoked)
		time.Sleep(2 * time.Hour)
		expect(t, open, token, nil)
		expect(t, open, revoked, verify.ErrRevoked) // although the list has expired
		if asked := i.askedFor(feedPath) - before; asked > 2*(7261/5+5) {
			t.Errorf("the server was asked %d times in two hours", asked)
		}

		i.set(func() { i.down = false })
		i.publish(i.list())
		time.Sleep(5 * time.Second)
		expect(t, closed, token, nil)
		expect(t, open, revoked, nil)
		synctest.Wait()
		if lines := strings.Count(log.String(), "\n"); lines != 4 || strings.Count(log.String(), "WARN") != 2 {
			t.Errorf("the log has %d lines:\n%s", lines, &log)
		}
	})
}

// A list that is too long is logged once, with the consequence. Revoked tickets stay revoked.
func TestFollowLogsListsThatAreTooLong(t *testing.T) {
	t.Parallel()

	for _, test := range []struct {
		age         time.Duration
		consequence string
	}{{0, "stay valid here until they expire"}, {time.Minute, "every ticket is refused"}} {
		withClock(t, func(t *testing.T, i *issuer) {
			var log bytes.Buffer
			i.publish(i.list(sessionID))
			settings := i.settings()
			settings.MaxFeedAge, settings.Log = test.age, slog.New(slog.NewTextHandler(&log, nil))
			v := newVerifier(t, settings)
			follow(t, v)
			i.set(func() { i.down = true })
			time.Sleep(interval)
			tooLong := func(w http.ResponseWriter, r *http.Request) bool {
				if r.URL.Path == feedPath {
					w.Header().Set("Content-Length", fmt.Sprint(16<<20+1))
				}
				return r.URL.Path == feedPath
			}

			i.set(func() { i.down, i.answer = false, tooLong })
			time.Sleep(20 * time.Second)
			expect(t, v, i.token(i.claims()), verify.ErrRevoked)
			synctest.Wait()
			if text := log.String(); strings.Count(text, "list of revoked tickets") != 2 ||
				strings.Count(text, "ERROR") != 1 ||
				!strings.Contains(text, test.consequence) {
				t.Error(text)
			}
		})
	}
}
