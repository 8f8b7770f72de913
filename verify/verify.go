// Package verify checks the tickets of an authtickets server in the services behind it. A jwtAccessToken is believed by its signature, without asking; about any other access token
// the server is asked; and both die at once when the server's list of revoked tickets, which Follow keeps up to date, names them.
package verify

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// maxToken is how long a token may be, in bytes, to the server and so here: an application may have 100 behaviors of 64 characters, and a JWT with them is 10 kB.
const maxToken = 16 << 10

// Verifier checks tickets. It may be used by any number of goroutines at a time.
type Verifier struct {
	settings Settings
	server   *server
	keys     *publicKeys
	answers  *answers
	log      *slog.Logger

	revoked      atomic.Pointer[revocations]
	revokedMutex sync.Mutex // of those who write
}

// New returns a Verifier, or all faults of its settings. It asks nothing of the server: the keys are fetched for the first ticket, or by Follow.
func New(settings Settings) (*Verifier, error) {
	if err := settings.check(); err != nil {
		return nil, err
	}
	settings.fill()
	server := newServer(settings)
	v := &Verifier{settings: settings, server: server, keys: newPublicKeys(server, settings), answers: newAnswers(server, settings), log: settings.Log}
	v.revoked.Store(&revocations{})
	return v, nil
}

// Verify returns who holds an access token: a jwtAccessToken, which is recognised by its two dots, or an opaque one. The Shopper is the caller's own.
//
// The error is one of ErrInvalid, ErrExpired, ErrRevoked and ErrUnavailable, for errors.Is; its text is for logs, and has nothing of the token in it. It waits for the server where
// it must ask, for three seconds or until the context ends, whichever is first.
func (v *Verifier) Verify(ctx context.Context, token string) (*Shopper, error) {
	if token == "" || len(token) > maxToken {
		return nil, fmt.Errorf("%w: empty, or longer than any ticket", ErrInvalid)
	}
	now := v.settings.Now()
	check := v.verifyOpaque
	if strings.Count(token, ".") == 2 {
		check = v.verifyJWT
	}
	shopper, err := check(ctx, token, now)
	if err != nil {
		return nil, err
	}
	if !now.Before(shopper.ExpiresAt) {
		return nil, ErrExpired
	}
	if err := v.checkRevoked(shopper, now); err != nil {
		return nil, err
	}
	return shopper, nil
}

// checkRevoked returns ErrRevoked for a shopper whom the newest feed names, and ErrUnavailable where that feed is older than the settings allow.
func (v *Verifier) checkRevoked(shopper *Shopper, now time.Time) error {
	revoked := v.revoked.Load()
	switch oldest := v.settings.MaxFeedAge; {
	case revoked.names(shopper):
		return ErrRevoked
	case oldest > 0 && revoked.signedAt == 0:
		return fmt.Errorf("%w: the list of revoked tickets has not been read yet", ErrUnavailable)
	case oldest > 0 && now.Sub(time.Unix(revoked.signedAt, 0)) > oldest:
		return fmt.Errorf("%w: the list of revoked tickets is too old", ErrUnavailable)
	}
	return nil
}
