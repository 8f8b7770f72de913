package verify

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/go-jose/go-jose/v4"
	"golang.org/x/sync/singleflight"
)

const (
	// keysLifetime is the age at which the keys are fetched again, in the background. The server
	// publishes a key well before it signs with it.
	keysLifetime = 30 * time.Second
	// keysPause is how long the keys are not fetched again after an answer, even for an unknown key
	// id. Otherwise a client that invents key ids would cause a request for each.
	keysPause = 5 * time.Second
	// keysRetry is the same pause after a failed request.
	keysRetry = time.Second
	// maxKeyCount is more keys than a server ever has at a time.
	maxKeyCount = 100
)

// publicKeys are the server's public keys. While the server does not answer, the last keys stay in
// use.
type publicKeys struct {
	server *server
	now    func() time.Time
	log    *slog.Logger
	state  atomic.Pointer[keyState]
	flight singleflight.Group
}

// keyState is what we know about the keys. It never changes; a new state replaces it.
type keyState struct {
	byID    map[string]*ecdsa.PublicKey
	err     error     // why the last fetch failed
	staleAt time.Time // from then on, using a key starts to fetch the keys again
	askAt   time.Time // before then, the keys are not fetched
}

func newPublicKeys(server *server, settings Settings) *publicKeys {
	k := &publicKeys{server: server, now: settings.Now, log: settings.Log}
	k.state.Store(&keyState{})
	return k
}

// find returns the key with an id. It waits for the server only if the id is unknown. The error is
// ErrInvalid, or ErrUnavailable if the server did not answer.
func (k *publicKeys) find(ctx context.Context, id string, now time.Time) (*ecdsa.PublicKey, error) {
	state := k.state.Load()
	if key, ok := state.byID[id]; ok {
		k.refresh(ctx, now)
		return key, nil
	}
	if !now.Before(state.askAt) {
		select {
		case <-k.fetch(ctx):
			state = k.state.Load()
		case <-ctx.Done():
			return nil, fmt.Errorf("%w: %w", ErrUnavailable, ctx.Err())
		}
	}

	switch key, ok := state.byID[id]; {
	case ok:
		return key, nil
	case state.err != nil:
		return nil, fmt.Errorf("%w: unknown key, and the keys cannot be fetched: %w", ErrUnavailable, state.err)
	}

	return nil, fmt.Errorf("%w: unknown key", ErrInvalid)
}

// refresh starts to fetch the keys if they are old. It does not wait for them.
func (k *publicKeys) refresh(ctx context.Context, now time.Time) {
	if state := k.state.Load(); !now.Before(state.staleAt) && !now.Before(state.askAt) {
		k.fetch(ctx)
	}
}

// fetch fetches the keys. Concurrent callers share one request, which continues when the context of
// the first caller ends.
func (k *publicKeys) fetch(ctx context.Context) <-chan singleflight.Result {
	ctx = context.WithoutCancel(ctx)
	return k.flight.DoChan("", func() (any, error) {
		before := k.state.Load()
		if k.now().Before(before.askAt) {
			return nil, nil // another goroutine has fetched them since
		}

		body, err := k.server.keys(ctx)
		after := &keyState{err: err}
		if err == nil {
			after.byID, after.err = readKeys(body)
		}

		now := k.now()
		if after.err != nil {
			after.byID, after.staleAt, after.askAt = before.byID, now.Add(keysRetry), now.Add(keysRetry)
		} else {
			after.staleAt, after.askAt = now.Add(keysLifetime), now.Add(keysPause)
		}

		k.state.Store(after)
		logChange(ctx, k.log, "keys of the tickets", before.err, after.err)
		return nil, nil
	})
}

var errNoKeys = errors.New("no JWK set with a key for ES256")

// readKeys returns the ES256 keys of a JWK set. It ignores other keys (RFC 7517 section 5), so that
// later servers can add other kinds.
func readKeys(text []byte) (map[string]*ecdsa.PublicKey, error) {
	var set struct {
		Keys []json.RawMessage `json:"keys"`
	}
	if err := json.Unmarshal(text, &set); err != nil || len(set.Keys) > maxKeyCount {
		return nil, errNoKeys
	}

	keys := make(map[string]*ecdsa.PublicKey, len(set.Keys))
	for _, text := range set.Keys {
		var key jose.JSONWebKey
		if err := key.UnmarshalJSON(text); err != nil || key.KeyID == "" {
			continue
		}

		public, ok := key.Key.(*ecdsa.PublicKey)
		fits := ok && public.Curve == elliptic.P256() && (key.Algorithm == "" || key.Algorithm == string(jose.ES256)) &&
			(key.Use == "" || key.Use == "sig")
		if _, twice := keys[key.KeyID]; !fits || twice {
			continue
		}

		keys[key.KeyID] = public
	}

	if len(keys) == 0 {
		return nil, errNoKeys
	}

	return keys, nil
}

// logChange logs when something starts to fail and when it works again. It does not log each
// failure, because the caller keeps retrying.
func logChange(ctx context.Context, log *slog.Logger, what string, before, after error) {
	switch {
	case before == nil && after != nil:
		log.WarnContext(ctx, "cannot be fetched; the last known state stays in use", "what", what, "error", after)
	case before != nil && after == nil:
		log.InfoContext(ctx, "fetched again", "what", what)
	}
}
