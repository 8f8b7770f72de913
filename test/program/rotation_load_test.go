package program_test

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/authtickets/authtickets/verify"
)

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

// rawWithoutJWT returns the part of a ticket that is the same from all servers. The signature of
// the JWT differs each time.
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
