package tickets

import (
	"context"
	"crypto/sha256"
	"fmt"
	"net/netip"
	"sync"
	"time"

	"github.com/maypok86/otter/v2"
	"golang.org/x/sync/semaphore"

	"github.com/authtickets/authtickets/models"
)

// Source returns what counts as one source of guesses: an IPv4 address, or an IPv6 network of 64 bits, which is what one household or host is given.
func Source(address netip.Addr) string {
	address = address.Unmap()
	if address.Is6() {
		network, err := address.WithZone("").Prefix(64)
		if err == nil {
			return network.String()
		}
	}
	return address.String()
}

// mostCounting bounds how many wrong passwords wait for the database. Each has taken a hash before, so there are more only while it stands still.
const mostCounting = 10_000

// sourcesRemembered bounds the memory for guesses: about 200 bytes each. Beyond it those that have not guessed for longest are forgotten.
const sourcesRemembered = 50_000

// guesses limits wrong passwords within this process: for one name from one source, whether the name exists or not, and for all names of
// one source. What must hold across processes is counted in the database.
type guesses struct {
	policy  Policy
	names   *otter.Cache[[sha256.Size]byte, *attempts]
	sources *otter.Cache[string, *attempts]
	// counting holds a place for each wrong password on its way into the database.
	counting *semaphore.Weighted
}

func newGuesses(policy Policy) (*guesses, error) {
	names, err := otter.New(&otter.Options[[sha256.Size]byte, *attempts]{
		MaximumSize: sourcesRemembered, ExpiryCalculator: otter.ExpiryAccessing[[sha256.Size]byte, *attempts](2 * policy.GuessWindow),
	})
	if err != nil {
		return nil, fmt.Errorf("guesses: %w", err)
	}
	sources, err := otter.New(&otter.Options[string, *attempts]{
		MaximumSize: sourcesRemembered, ExpiryCalculator: otter.ExpiryAccessing[string, *attempts](2 * policy.GuessWindow),
	})
	if err != nil {
		return nil, fmt.Errorf("guesses: %w", err)
	}
	return &guesses{policy, names, sources, semaphore.NewWeighted(mostCounting)}, nil
}

// attempts counts wrong passwords, and those being checked at the moment, so that many at once get no further than as many one after the other.
type attempts struct {
	limit    int
	window   time.Duration
	mutex    sync.Mutex
	failures int
	since    time.Time
	checking int
	// finished is closed when a check has finished, and then replaced.
	finished chan struct{}
}

func (g *guesses) newAttempts(limit int) *attempts {
	return &attempts{limit: limit, window: g.policy.GuessWindow, finished: make(chan struct{})}
}

// guess is one password on its way through the check. It must be ended with wrong, right or abandon.
type guess struct {
	at time.Time
	// forAll counts the guesses of the source for all names, forName those for this one.
	forAll, forName *attempts
}

// begin admits a guess, or returns a models.Error of the reason TOO_MANY_ATTEMPTS with the time to wait. Where others of the same source
// are being checked, it waits for their outcome as far as it matters, until ctx ends.
func (g *guesses) begin(ctx context.Context, name, source string, now time.Time) (*guess, error) {
	forAll, _ := g.sources.ComputeIfAbsent(source, func() (*attempts, bool) { return g.newAttempts(g.policy.GuessesOfSource), false })
	forName, _ := g.names.ComputeIfAbsent(sha256.Sum256([]byte(source+"\n"+name)), func() (*attempts, bool) {
		return g.newAttempts(g.policy.GuessesPerSource), false
	})
	if err := forAll.enter(ctx, now); err != nil {
		return nil, err
	}
	if err := forName.enter(ctx, now); err != nil {
		forAll.finish(func() {})
		return nil, err
	}
	return &guess{now, forAll, forName}, nil
}

func tooMany(wait time.Duration) error {
	return &models.Error{Reason: models.ReasonTooManyAttempts, RetryAfter: wait}
}

// enter takes a place among those being checked, when there is one.
func (a *attempts) enter(ctx context.Context, now time.Time) error {
	for {
		finished, wait := a.admit(now)
		switch {
		case wait > 0:
			return tooMany(wait)
		case finished == nil:
			return nil
		}
		select {
		case <-finished:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// admit takes a place among those being checked. It returns how long the source must wait instead, or a channel that tells when
// to ask again because the outcome of the others decides.
func (a *attempts) admit(now time.Time) (<-chan struct{}, time.Duration) {
	a.mutex.Lock()
	defer a.mutex.Unlock()
	if now.Sub(a.since) >= a.window {
		a.failures = 0
	}
	if a.failures >= a.limit {
		return nil, max(time.Nanosecond, a.since.Add(a.window).Sub(now))
	}
	if a.failures+a.checking >= a.limit {
		return a.finished, 0
	}
	a.checking++
	return nil, 0
}

// wrong ends a guess that was wrong.
func (g *guess) wrong() {
	for _, counted := range []*attempts{g.forAll, g.forName} {
		counted.finish(func() {
			if counted.failures == 0 {
				counted.since = g.at
			}
			counted.failures++
		})
	}
}

// right ends a guess that was right: for this name the source starts anew.
func (g *guess) right() {
	g.forAll.finish(func() {})
	g.forName.finish(func() { g.forName.failures = 0 })
}

// abandon ends a guess that came to no result.
func (g *guess) abandon() {
	g.forAll.finish(func() {})
	g.forName.finish(func() {})
}

func (a *attempts) finish(count func()) {
	a.mutex.Lock()
	defer a.mutex.Unlock()
	count()
	a.checking--
	close(a.finished)
	a.finished = make(chan struct{})
}
