// Package verify lets other services check the tickets of an authtickets server. It checks the
// signature of a jwtAccessToken without asking the server, except for its keys. It asks the server
// about any other access token. It refuses both kinds when they are in the list of revoked tickets,
// which Follow keeps up to date.
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

// maxToken is how long a token may be, in bytes. The server has the same limit. An application may
// have 100 behaviors of 64 characters, and a JWT with them takes 10 kB.
const maxToken = 16 << 10

// Verifier checks tickets. It is safe for concurrent use.
type Verifier struct {
	settings Settings
	server   *server
	keys     *publicKeys
	answers  *answers
	log      *slog.Logger

	revoked      atomic.Pointer[revocations]
	revokedMutex sync.Mutex // for writers
}

// New returns a Verifier, or an error that lists all faults of the settings. It sends nothing to
// the server. The keys are fetched for the first ticket, or by Follow.
func New(settings Settings) (*Verifier, error) {
	if err := settings.check(); err != nil {
		return nil, err
	}

	settings.fill()
	server := newServer(settings)
	v := &Verifier{
		settings: settings,
		server:   server,
		keys:     newPublicKeys(server, settings),
		answers:  newAnswers(server, settings),
		log:      settings.Log,
	}

	v.revoked.Store(&revocations{})
	return v, nil
}

// Verify returns the holder of an access token. A token with two dots is a jwtAccessToken. Any
// other token is opaque. The caller may change the Shopper.
//
// The error is ErrInvalid, ErrExpired, ErrRevoked or ErrUnavailable, for errors.Is. Its text is for
// logs, and does not quote the token. If Verify must ask the server, it waits for at most three
// seconds, or until the context ends.
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

// checkRevoked returns ErrRevoked if the shopper's ticket was revoked, and ErrUnavailable if the
// list of revoked tickets is older than the settings allow.
func (v *Verifier) checkRevoked(shopper *Shopper, now time.Time) error {
	revoked := v.revoked.Load()
	switch oldest := v.settings.MaxFeedAge; {
	case revoked.contain(shopper):
		return ErrRevoked
	case oldest > 0 && revoked.signedAt == 0:
		return fmt.Errorf("%w: the list of revoked tickets has not been read yet", ErrUnavailable)
	case oldest > 0 && now.Sub(time.Unix(revoked.signedAt, 0)) > oldest:
		return fmt.Errorf("%w: the list of revoked tickets is too old", ErrUnavailable)
	}

	return nil
}
