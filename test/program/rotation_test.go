package program_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/authtickets/authtickets/seal"
	"github.com/authtickets/authtickets/secret"
	"github.com/authtickets/authtickets/storage/storagetest"
	"github.com/authtickets/authtickets/verify"
)

func shopperOperation() operation { return operation{`{ currentShopper { userId } }`, nil} }

// fromEarlier reports whether an earlier version, which seals with the key file itself, could have
// made a ticket.
func (s *site) fromEarlier(held ticket) bool {
	s.t.Helper()
	file, err := seal.LoadMaster(s.keys)
	must(s.t, err)
	keys, err := seal.NewKeys(seal.Dated{Keyset: file.Own(), Number: 1})
	must(s.t, err)
	_, err = keys.Open(seal.Refresh, secret.New(held.RefreshToken))
	return err == nil
}

// expectUsable uses a ticket on all servers, and refreshes it.
func expectUsable(t *testing.T, held ticket, servers ...*server) {
	t.Helper()
	for _, server := range servers {
		if got := server.ask(shopperOperation(), "Authorization", "Bearer "+held.AccessToken); len(got.Errors) > 0 {
			t.Errorf("the access token is refused: %s", got.Text)
		}
	}

	for _, server := range servers {
		next := server.refresh(held.RefreshToken)
		if next.UserID != held.UserID {
			t.Error("the session continues as somebody else's")
		}

		held = next
	}
}

// earlierState brings a database into the state that earlier versions leave: with tickets, but
// without keysets. It returns some of the tickets.
func (s *site) earlierState() []ticket {
	s.t.Helper()
	s.customer("ada", rightPassword)
	first := s.start()
	held := []ticket{first.signIn("ada"), first.anonymous(), first.refresh(first.anonymous().RefreshToken)}
	first.kill()
	if _, err := s.database().ExecContext(s.t.Context(), "DELETE FROM keysets"); err != nil {
		s.t.Fatal(err)
	}

	for _, held := range held {
		if !s.fromEarlier(held) {
			s.t.Fatal("no ticket of an earlier version")
		}
	}

	return held
}

// loadTime is the shortest time for which keys rotate under load.
const loadTime = time.Minute

// An update from an earlier version and a rotation of both kinds of keys, under load, sign nobody
// out and fail no request. Tickets from before, during and after it work on all servers, and in
// services that verify them.
func TestKeyRotation(t *testing.T) {
	t.Parallel()

	storagetest.Each(t, func(t *testing.T, url string) {
		s := newSite(t, url)
		held := s.earlierState()
		secret := s.secretOf("backend", "--own-behaviors=tickets.introspect")
		here := s.start()
		issuer := "--issuer=" + here.url
		there := s.start(issuer) // as if behind one load balancer
		servers := []*server{here, there}
		shop := []string{"x-application", "storefront"}
		here.headers, there.headers = shop, shop
		expectUsable(t, held[0], servers...)
		if !s.fromEarlier(there.anonymous()) {
			t.Error("an earlier version that still runs could not open a new ticket")
		}

		verifier, err := verify.New(verify.Settings{
			Issuer:      here.url,
			Server:      there.url,
			Audience:    here.url,
			Application: "backend",
			Secret:      func() string { return secret },
		})

		must(t, err)
		following, stop := context.WithCancel(t.Context())
		t.Cleanup(stop)
		go verifier.Follow(following)

		var issued []ticket
		issue := func() {
			issued = append(
				issued,
				here.ticket(withJWT(anonymousOperation())),
				there.ticket(withJWT(signInOperation("ada", rightPassword, ""))),
			)
		}

		begin := time.Now()
		load := newLoad(t, servers, verifier)
		issue()
		time.Sleep(5 * time.Second)
		code, stdout, stderr := run(t, s.folder, s.variables(), "keys", "rotate", "--delay=15s")
		if code != 0 || strings.Count(stdout, "Published keyset") != 2 {
			t.Fatalf("exit code %d: %s%s", code, stdout, stderr)
		}

		issue()
		if issued[0].signedBy() != issued[2].signedBy() || !s.fromEarlier(issued[2]) {
			t.Error("the new keysets are used before their time")
		}

		eventually(t, "the new keysets seal and sign", func() bool {
			held := here.ticket(withJWT(anonymousOperation()))
			return !s.fromEarlier(held) && held.signedBy() != issued[0].signedBy()
		})
		issue()
		time.Sleep(loadTime - time.Since(begin))
		load.end()
		t.Logf(
			"%d requests, %d tokens verified in %s: %d failures",
			load.requests.Load(),
			load.verified.Load(),
			time.Since(begin).Round(time.Second),
			len(load.failures),
		)
		if len(load.failures) > 0 || load.requests.Load() < 100 {
			t.Errorf(
				"of %d requests %d failed: %v",
				load.requests.Load(),
				len(load.failures),
				load.failures[:min(3, len(load.failures))],
			)
		}

		for _, held := range issued {
			for _, token := range []string{held.JWTAccessToken, held.AccessToken} {
				if shopper, err := verifier.Verify(soon(t), token); err != nil || shopper.UserID != held.UserID {
					t.Errorf("verified elsewhere: %+v, %v", shopper, err)
				}
			}
		}

		for _, held := range append(held[1:], issued...) {
			expectUsable(t, held, servers...)
		}

		// A server that starts now knows the keys as well.
		newest := s.start(issuer)
		newest.headers = shop
		expectUsable(t, here.signIn("ada"), newest, there)
	})
}

// One of several servers makes the keysets that are due. Keysets that nothing needs any more are
// deleted.
func TestKeysByThemselves(t *testing.T) {
	t.Parallel()

	storagetest.Each(t, func(t *testing.T, url string) {
		s := newSite(t, url)
		servers := []*server{s.start("--key-check-interval=1s"), s.start("--key-check-interval=1s")}
		recorded := func(act string) int {
			words := []string{`"msg":"act done"`, `"act":"` + act + `"`, `"by":"server"`}
			return servers[0].stderr.count(words...) + servers[1].stderr.count(words...)
		}
		set := func(column string, number int) { // moves the epoch
			t.Helper()
			var epoch any = "1970-01-01"
			if strings.HasPrefix(url, "sqlite:") {
				epoch = 0
			}

			_, err := s.database().
				ExecContext(t.Context(), "UPDATE keysets SET "+column+" = ? WHERE purpose = 'seal' AND number = "+
					"?", epoch, number)
			must(t, err)
		}

		set("published_at", 1)
		eventually(t, "the next keyset is published", func() bool { return recorded("keyset.rotate") > 0 })
		set("used_from", 2)
		eventually(t, "the old keyset is retired", func() bool { return recorded("keyset.retire") > 0 })
		eventually(
			t,
			"both know",
			func() bool { return !s.fromEarlier(servers[0].anonymous()) && !s.fromEarlier(servers[1].anonymous()) },
		)
		expectUsable(t, servers[0].anonymous(), servers...)
		if published, retired := recorded("keyset.rotate"), recorded("keyset.retire"); published != 1 || retired != 1 {
			t.Errorf("published %d, retired %d", published, retired)
		}
	})
}

// The master key changes while servers run. They continue, and a new server needs the new key.
func TestChangeOfMasterKey(t *testing.T) {
	t.Parallel()

	storagetest.Each(t, func(t *testing.T, url string) {
		s := newSite(t, url)
		running := s.start("--key-check-interval=1s")
		held := running.anonymous()
		former := s.keys
		command := func(arguments ...string) {
			t.Helper()
			code, stdout, stderr := run(t, s.folder, s.variables(), append([]string{"keys"}, arguments...)...)
			if code != 0 {
				t.Fatalf("%s: exit code %d: %s%s", arguments, code, stdout, stderr)
			}
		}

		command("create", former+".new")
		command("change-master", "--to="+former+".new")
		code, _, stderr := run(t, s.folder, s.variables(), "serve", "--listen=127.0.0.1:0")
		if code != 1 || !strings.Contains(stderr, "the master key does not open the keyset") ||
			!strings.Contains(stderr, "--keys") {
			t.Errorf("exit code %d: %s", code, stderr)
		}

		s.keys = former + ".new"
		replaced := s.start()
		expectUsable(t, held, running, replaced)
		command("rotate", "--delay=15s")
		eventually(t, "it says that it cannot read the new keyset", func() bool {
			return running.stderr.count(`"level":"ERROR"`, "changes cannot be followed", "master key") > 0
		})
		newest := replaced.anonymous()
		eventually(t, "a ticket of the new keyset is postponed", func() bool {
			newest = replaced.anonymous()
			return running.ask(refreshOperation(newest.RefreshToken)).Reason() == "BUSY"
		})
		if got := running.ask(refreshOperation(newest.RefreshToken)); got.Reason() != "BUSY" {
			t.Errorf("a token of a keyset that it cannot read: %s", got.Text)
		}

		expectUsable(t, running.anonymous(), running, replaced)
	})
}
