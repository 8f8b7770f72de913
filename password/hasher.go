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

// ErrBusy says that so many hashes were waiting their turn that this one gave up after [Settings.Wait].
var ErrBusy = errors.New("password: too many hashes at a time")

// A Hasher makes and checks hashes, a bounded number at a time, first come first served. Its methods refuse at once
// what [Acceptable] refuses; while they wait their turn they end with [ErrBusy] or with the error of their context.
// A hash that has begun is finished.
type Hasher struct {
	argon2 *argon2.Hasher
	today  string      // how a hash of today's cost begins
	decoy  secret.Text // a hash of today's cost that no password is known to match
	turns  *semaphore.Weighted
	wait   time.Duration

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
		argon2.WithM(uint32(settings.MemoryKiB)), //nolint:gosec // check has bounded it
		argon2.WithT(settings.Iterations), argon2.WithP(settings.Parallelism),
	)
	if err != nil {
		return nil, fmt.Errorf("password: %w", err)
	}
	today := fmt.Sprintf("$argon2id$v=19$m=%d,t=%d,p=%d$", settings.MemoryKiB, settings.Iterations, settings.Parallelism)
	return &Hasher{
		argon2: hasher,
		today:  today,
		decoy:  secret.New(today + randomBase64(saltSize) + "$" + randomBase64(keySize)),
		turns:  semaphore.NewWeighted(int64(settings.Concurrent)),
		wait:   settings.Wait,

		concurrent: settings.Concurrent,
	}, nil
}

// Hash returns the argon2id hash of a password, in the PHC string format and with a salt of its own.
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

// Result is what a check found out.
type Result struct {
	Matches  bool
	Outdated bool // the hash is not argon2id of today's cost: renew it once the password has matched
}

// Check tells whether a password is the one a hash was made from. The error is [ErrUnknownFormat] or [ErrTooCostly] if
// the hash is none that [Inspect] lets through; nothing matches it then.
//
// Where an outdated hash does not match, today's cost is spent on top: otherwise a cheap old hash, or a broken one,
// would answer faster than an unknown name and so tell that the account exists.
func (h *Hasher) Check(ctx context.Context, hash, plain secret.Text) (Result, error) {
	return h.CheckIf(ctx, func() error { return nil }, hash, plain)
}

// CheckIf is [Hasher.Check] on a condition that is looked at when the turn has come. Where mayCheck returns an
// error, CheckIf returns it and checks nothing. An empty hash stands for an account that does not exist or has no
// password: the check takes as long as one of today's hash, and nothing matches.
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
		Outdated: !strings.HasPrefix(hash.Reveal(), h.today),
	}, nil
}

// begin waits for a turn; where it returns nil, end gives the turn back.
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

// Concurrent is how many hashes may run at a time.
func (h *Hasher) Concurrent() int { return h.concurrent }

// Wait returns how long a hash waits for its turn, at most.
func (h *Hasher) Wait() time.Duration { return h.wait }

func randomBase64(size int) string {
	bytes := make([]byte, size)
	_, _ = rand.Read(bytes) // it never fails: the program ends first
	return base64.RawStdEncoding.EncodeToString(bytes)
}
