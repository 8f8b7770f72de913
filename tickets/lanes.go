package tickets

import (
	"context"
	"crypto/sha256"
	"sync"
)

// atOncePerName is how many guesses for one name are checked at a time. So when guesses arrive
// together, at most that many are checked beyond a limit.
const atOncePerName = 4

// lanes let a limited number of guesses through at a time, within this process. Lanes that nobody
// uses are forgotten.
type lanes struct {
	mutex sync.Mutex
	open  map[[sha256.Size]byte]*lane
}

// lane is the queue for one key.
type lane struct {
	places chan struct{}
	users  int
}

func newLanes() *lanes { return &lanes{open: map[[sha256.Size]byte]*lane{}} }

// enter waits until a guess for a name may be checked, or until ctx ends. The returned function
// lets the next one in. Guesses of one source for one name are checked one after the other, so that
// each sees the outcome of the one before.
func (l *lanes) enter(ctx context.Context, name, source string) (leave func(), err error) {
	leaveSource, err := l.enterOne(ctx, "source "+source+"\n"+name, 1)
	if err != nil {
		return nil, err
	}

	leaveName, err := l.enterOne(ctx, "name "+name, atOncePerName)
	if err != nil {
		leaveSource()
		return nil, err
	}
	return func() { leaveName(); leaveSource() }, nil
}

// enterOne waits for a place in the lane of a key, until ctx ends. The returned function gives the
// place back.
func (l *lanes) enterOne(ctx context.Context, key string, places int) (leave func(), err error) {
	hash := sha256.Sum256([]byte(key)) // so all keys have the same length, and no name is kept
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
