package program_test

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/authtickets/authtickets/seal"
	"github.com/authtickets/authtickets/secret"
	"github.com/authtickets/authtickets/storage/storagetest"
	"github.com/authtickets/authtickets/test/fakekms"
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
		late := s.start(issuer)
		late.headers = shop
		expectUsable(t, here.signIn("ada"), late, there)
	})
}

// load is a set of clients that use, refresh and verify tickets on all servers. It leaves time for
// other tests.
type load struct {
	verifier           *verify.Verifier
	done               context.CancelFunc
	clients            sync.WaitGroup
	requests, verified atomic.Int64
	mutex              sync.Mutex
	failures           []string
}

func newLoad(t *testing.T, servers []*server, verifier *verify.Verifier) *load {
	t.Helper()
	ctx, done := context.WithCancel(t.Context())
	l := &load{verifier: verifier, done: done}
	t.Cleanup(l.end)

	for range 3 {
		l.clients.Go(func() {
			first := l.ticket(servers[0], anonymousOperation())
			held := first
			for i := 0; ctx.Err() == nil; i++ {
				one, other := servers[i%len(servers)], servers[(i+1)%len(servers)]
				next := l.ticket(one, refreshOperation(held.RefreshToken))
				again := l.ticket(other, refreshOperation(held.RefreshToken))
				if again.rawWithoutJWT() != next.rawWithoutJWT() {
					l.failed("two servers have made two tickets of one session")
				}

				held = next
				got, err := other.try(t.Context(), shopperOperation(), "Authorization", "Bearer "+held.AccessToken)
				if l.requests.Add(1); err != nil || len(got.Errors) > 0 {
					l.failed(fmt.Sprint(err, got.Text))
				}

				l.verify(
					first.AccessToken,
					first.JWTAccessToken,
					next.AccessToken,
					next.JWTAccessToken,
					again.JWTAccessToken,
				)

				time.Sleep(50 * time.Millisecond)
			}
		})
	}

	return l
}

func (l *load) ticket(s *server, operation operation) ticket {
	held, err := s.tryTicket(context.Background(), withJWT(operation))
	if l.requests.Add(1); err != nil {
		l.failed(err.Error())
	}
	return held
}

// signedBy returns the id of the key that signed the JWT, from its header.
func (held ticket) signedBy() string {
	header, _, _ := strings.Cut(held.JWTAccessToken, ".")
	return header
}

// rawWithoutJWT returns the part of a ticket that is the same from all servers. The signature of the
// JWT differs each time.
func (held ticket) rawWithoutJWT() string {
	return strings.Replace(held.raw, held.JWTAccessToken, "", 1)
}

func (l *load) verify(tokens ...string) {
	for _, token := range tokens {
		_, err := l.verifier.Verify(context.Background(), token)
		if l.verified.Add(1); err != nil {
			l.failed("verified elsewhere: " + err.Error())
		}
	}
}

func (l *load) failed(how string) {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	l.failures = append(l.failures, how)
}

// end ends the load. From then on nothing is counted.
func (l *load) end() {
	l.done()
	l.clients.Wait()
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

// A server works with a key of AWS KMS. It waits for KMS, and does not start if KMS refuses the
// key.
func TestKMS(t *testing.T) {
	t.Parallel()

	service := fakekms.Start(t)
	s := newSite(t, storagetest.SQLite(t))
	s.keys = fakekms.URI("one")
	variables := s.variables()

	for name, value := range service.Variables() {
		variables = append(variables, name+"="+value)
	}

	service.Refuse("AccessDeniedException")
	code, _, stderr := run(t, s.folder, variables, "serve", "--listen=127.0.0.1:0")
	if code != 1 || !strings.Contains(stderr, "AWS KMS refuses it: AccessDeniedException") {
		t.Errorf("exit code %d: %s", code, stderr)
	}

	service.Refuse("ThrottlingException")
	address := quietAddress(t)
	waiting := &server{
		process: launch(t, s.folder, variables, "serve", "--listen="+address),
		url:     "http://" + address,
		client:  newClient(t),
	}
	eventually(t, "the server waits for the service", func() bool {
		return waiting.stderr.count(
			`"level":"ERROR"`, "the keys cannot be decrypted at the moment", "ThrottlingException",
		) > 0
	})
	waiting.expectStatus("/readyz", 503)
	if got := waiting.ask(anonymousOperation()); got.Reason() != "BUSY" {
		t.Errorf("without keys it says %s", got.Text)
	}

	service.Refuse("")
	other := serving(launch(t, s.folder, variables, "serve", "--listen=127.0.0.1:0"))
	serving(waiting.process)
	expectUsable(t, waiting.anonymous(), waiting, other)

	if code, stdout, stderr := run(t, s.folder, variables, "keys", "rotate", "--delay=15s"); code != 0 {
		t.Errorf("exit code %d: %s%s", code, stdout, stderr)
	}

	time.Sleep(16 * time.Second)
	expectUsable(t, other.anonymous(), waiting, other)

	code, _, stderr = run(
		t, s.folder, append(variables, "AUTHTICKETS_KEYS="+fakekms.URI("two")), "serve", "--listen=127.0.0.1:0",
	)
	if code != 1 || !strings.Contains(stderr, "the master key does not open the keyset") {
		t.Errorf("exit code %d: %s", code, stderr)
	}

	service.Stop()
	begin := time.Now()
	code, _, stderr = run(t, s.folder, variables, "keys", "rotate")
	if took := time.Since(begin); code != 1 || took > 15*time.Second || !strings.Contains(stderr, "does not answer") {
		t.Errorf("exit code %d after %s: %s", code, took, stderr)
	}

	expectUsable(t, other.anonymous(), waiting, other)
}

// An update from an earlier version to a key of AWS KMS needs the old key file. Without it, every
// session would end.
func TestUpdateToKMS(t *testing.T) {
	t.Parallel()

	service := fakekms.Start(t)
	s := newSite(t, storagetest.SQLite(t))
	held := s.earlierState()
	variables := s.variables()

	for name, value := range service.Variables() {
		variables = append(variables, name+"="+value)
	}

	underKMS := append(variables, "AUTHTICKETS_KEYS="+fakekms.URI("one"))
	code, _, stderr := run(t, s.folder, underKMS, "serve", "--listen=127.0.0.1:0")
	if code != 1 || !strings.Contains(stderr, "authtickets keys change-master --to") {
		t.Errorf("exit code %d: %s", code, stderr)
	}

	code, stdout, stderr := run(t, s.folder, variables, "keys", "change-master", "--to="+fakekms.URI("one"))
	if code != 0 {
		t.Fatalf("exit code %d: %s%s", code, stdout, stderr)
	}

	server := serving(launch(t, s.folder, underKMS, "serve", "--listen=127.0.0.1:0"))
	for _, held := range held {
		expectUsable(t, held, server)
	}
}

// A malformed name of a master key is a fault of the settings.
func TestKMSFaults(t *testing.T) {
	t.Parallel()

	for _, uri := range []string{"aws-kms://alias/mine", "gcp-kms://projects/p/locations/l/keyRings/r/cryptoKeys/k"} {
		code, _, stderr := run(
			t, t.TempDir(), []string{unreachable, "AUTHTICKETS_KEYS=" + uri}, "serve",
			"--access-lifetime=0s", "--listen=127.0.0.1:0",
		)
		if code != 1 || !strings.Contains(stderr, "--keys: must be a key file, or a key of AWS KMS") ||
			!strings.Contains(stderr, "--access-lifetime") {
			t.Errorf("%s: exit code %d: %s", uri, code, stderr)
		}
	}
}
