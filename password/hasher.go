package password

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/go-crypt/crypt/algorithm/argon2"
	"golang.org/x/sync/semaphore"

	"github.com/authtickets/authtickets/secret"
)

// ErrBusy means that a hash waited longer than [Settings.Wait] for its turn.
var ErrBusy = errors.New("password: too many hashes at a time")

// A Hasher makes and checks hashes. It runs a limited number at a time, in order of arrival. Its
// methods return the errors of [Acceptable] at once. While they wait, they can fail with [ErrBusy]
// or the error of their context. A hash that has started always finishes.
type Hasher struct {
	argon2        *argon2.Hasher
	currentPrefix string      // how a hash with the current cost begins
	decoy         secret.Text // a hash with the current cost, of no password
	turns         *semaphore.Weighted
	wait          time.Duration

	concurrent int
}

// New returns a Hasher, or an error that lists all faults of the settings.
func New(settings Settings) (*Hasher, error) {
	settings = settings.withDefaults()
	if err := settings.check(); err != nil {
		return nil, err
	}

	hasher, err := argon2.New(
		argon2.WithVariantID(), argon2.WithSaltLength(saltSize), argon2.WithKeyLength(keySize),
		argon2.WithM(uint32(settings.MemoryKiB)), //nolint:gosec // check limits it
		argon2.WithT(settings.Iterations), argon2.WithP(settings.Parallelism),
	)
	if err != nil {
		return nil, fmt.Errorf("password: %w", err)
	}

	currentPrefix := fmt.Sprintf(
		"$argon2id$v=19$m=%d,t=%d,p=%d$",
		settings.MemoryKiB,
		settings.Iterations,
		settings.Parallelism,
	)
	return &Hasher{
		argon2:        hasher,
		currentPrefix: currentPrefix,
		decoy:         secret.New(currentPrefix + randomBase64(saltSize) + "$" + randomBase64(keySize)),
		turns:         semaphore.NewWeighted(int64(settings.Concurrent)),
		wait:          settings.Wait,

		concurrent: settings.Concurrent,
	}, nil
}

// Hash returns the argon2id hash of a password in the PHC string format, with a new salt.
func (h *Hasher) Hash(ctx context.Context, plain secret.Text) (secret.Text, error) {
	if err := h.begin(ctx, plain); err != nil {
		return secret.Text{}, err
	}
	defer h.end()

	digest, err := h.argon2.Hash(plain.Reveal())
	if err != nil {
		return secret.Text{}, fmt.Errorf("password: %w", err)
	}

	return secret.New(digest.Encode()), nil
}

// Result is the outcome of a check.
type Result struct {
	Matches bool
	// Outdated is true if the hash is not argon2id with the current cost. If the password matches,
	// the caller should renew the hash.
	Outdated bool
}

// Check reports whether a password belongs to a hash. If [Inspect] refuses the hash, nothing
// matches, and the error is [ErrUnknownFormat] or [ErrTooCostly].
//
// If an outdated hash does not match, Check also spends the cost of a current hash. Otherwise a
// cheap old hash would be refused faster than an unknown name, which would reveal the account.
func (h *Hasher) Check(ctx context.Context, hash, plain secret.Text) (Result, error) {
	return h.CheckIf(ctx, func() error { return nil }, hash, plain)
}

// CheckIf is like [Hasher.Check], but first calls mayCheck when its turn has come. If mayCheck
// returns an error, CheckIf returns it and checks nothing.
//
// An empty hash stands for an account that does not exist or has no password. It matches nothing,
// and the check takes as long as for a current hash.
func (h *Hasher) CheckIf(ctx context.Context, mayCheck func() error, hash, plain secret.Text) (Result, error) {
	if err := h.begin(ctx, plain); err != nil {
		return Result{}, err
	}
	defer h.end()

	if err := mayCheck(); err != nil {
		return Result{}, err
	}

	if hash.Reveal() == "" {
		hash = h.decoy
	}

	result, err := h.check(hash, plain)
	if result.Outdated && !result.Matches {
		_, _ = h.check(h.decoy, plain)
	}

	return result, err
}

func (h *Hasher) check(hash, plain secret.Text) (Result, error) {
	matches, err := read(hash.Reveal())
	if err != nil {
		return Result{Outdated: true}, err
	}
	return Result{
		Matches:  matches(plain.Reveal()),
		Outdated: !strings.HasPrefix(hash.Reveal(), h.currentPrefix),
	}, nil
}

// begin waits for a turn. If it returns nil, the caller must call end.
func (h *Hasher) begin(ctx context.Context, plain secret.Text) error {
	if err := Acceptable(plain); err != nil {
		return err
	}

	waiting, cancel := context.WithTimeout(ctx, h.wait)
	defer cancel()

	if h.turns.Acquire(waiting, 1) == nil {
		return nil
	}
	if err := ctx.Err(); err != nil {
		return err
	}

	return ErrBusy
}

func (h *Hasher) end() { h.turns.Release(1) }

// Concurrent returns how many hashes may run at a time.
func (h *Hasher) Concurrent() int { return h.concurrent }

// Wait returns how long a hash may wait for its turn.
func (h *Hasher) Wait() time.Duration { return h.wait }

func randomBase64(size int) string {
	bytes := make([]byte, size)
	_, _ = rand.Read(bytes) // it never returns an error
	return base64.RawStdEncoding.EncodeToString(bytes)
}
