package tickets

import (
	"context"
	"crypto/sha256"
	"net/netip"
	"sync"
	"time"

	"github.com/authtickets/authtickets/models"
)

// Source returns what counts as one source of guesses: an IPv4 address, or an IPv6 network of 64
// bits, which is what one household or host is given.
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

// atOncePerName is how many passwords for one name are checked at a time. At most that many extra
// passwords are checked when they arrive together.
const atOncePerName = 4

// guesses limits, within this process, what comes at once. What must hold across processes, and for
// longer, is counted in the database.
type guesses struct {
	policy Policy
	// ofSource counts the wrong passwords of a source for all names.
	ofSource *counter
	// lanes are the names, and the sources of each, for which passwords are being checked.
	lanes lanes
}

func newGuesses(policy Policy) (*guesses, error) {
	ofSource, err := newCounter(policy.GuessesOfSource, policy.GuessWindow)
	if err != nil {
		return nil, err
	}
	return &guesses{policy, ofSource, lanes{open: map[[sha256.Size]byte]*lane{}}}, nil
}

// begin waits for its turn among the passwords for the same name, and returns a function that ends
// it. Those of one source come one after the other: each sees the outcome of the one before.
func (g *guesses) begin(ctx context.Context, name, source string) (end func(), err error) {
	endSource, err := g.lanes.enter(ctx, "source "+source+"\n"+name, 1)
	if err != nil {
		return nil, err
	}
	endName, err := g.lanes.enter(ctx, "name "+name, atOncePerName)
	if err != nil {
		endSource()
		return nil, err
	}
	return func() { endName(); endSource() }, nil
}

func tooMany(wait time.Duration) error {
	return &models.Error{Reason: models.ReasonTooManyAttempts, RetryAfter: wait}
}

// lanes let a bounded number through at a time, each for its key. Keys that nobody waits for are
// forgotten.
type lanes struct {
	mutex sync.Mutex
	open  map[[sha256.Size]byte]*lane
}

type lane struct {
	places chan struct{}
	users  int
}

// enter waits for a place, until ctx ends. The returned function gives it back.
func (l *lanes) enter(ctx context.Context, key string, places int) (leave func(), err error) {
	hash := sha256.Sum256([]byte(key)) // all keys are equally long, and no name is kept
	l.mutex.Lock()
	entered := l.open[hash]
	if entered == nil {
		entered = &lane{places: make(chan struct{}, places)}
		l.open[hash] = entered
	}
	entered.users++
	l.mutex.Unlock()

	forget := func() {
		l.mutex.Lock()
		defer l.mutex.Unlock()
		if entered.users--; entered.users == 0 {
			delete(l.open, hash)
		}
	}
	select {
	case entered.places <- struct{}{}:
		return func() { <-entered.places; forget() }, nil
	case <-ctx.Done():
		forget()
		return nil, ctx.Err()
	}
}
