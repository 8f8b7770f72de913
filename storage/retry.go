package storage

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/authtickets/authtickets/models"
)

const (
	attempts   = 8
	firstPause = 2 * time.Millisecond
	longest    = 200 * time.Millisecond
)

// retry runs do again while the database may succeed next time: at most 8 times, until ctx ends,
// with pauses that grow from 2 to 200 ms. If it still fails then, the error is a models.Error with
// the reason BUSY, which wraps the cause for the log. When ctx has ended, the error is the one of
// ctx, whatever the database says.
//
// A statement whose connection broke may have been carried out. So it must be safe to run do twice:
// it inserts a row with a known key, or its first run makes its condition false.
func (s *Store) retry(ctx context.Context, do func() error) error {
	return s.retryOn(ctx, do, undone, broken)
}

// retryUndone is retry for what must not be done twice. It gives up when an error does not say
// whether the statement was carried out.
func (s *Store) retryUndone(ctx context.Context, do func() error) error {
	return s.retryOn(ctx, do, undone)
}

func (s *Store) retryOn(ctx context.Context, do func() error, failures ...failure) error {
	pause := firstPause
	for attempt := 1; ; attempt++ {
		err := do()
		switch {
		case err == nil:
			return nil
		case ctx.Err() != nil:
			return fmt.Errorf("%w: %w", ctx.Err(), err)
		case attempt == attempts, !slices.Contains(failures, s.dialect.failure(err)):
			return s.asBusy(err)
		}

		select {
		case <-ctx.Done():
			return fmt.Errorf("%w: %w", ctx.Err(), err)
		case <-time.After(pause/2 + rand.N(pause)): //nolint:gosec // spreads the attempts, keeps no secret
		}

		pause = min(2*pause, longest)
	}
}

// asBusy turns an error that may be gone later into one that clients see as BUSY.
func (s *Store) asBusy(err error) error {
	if s.dialect.failure(err) == permanent && !errors.Is(err, ErrRefused) {
		return err
	}
	return fmt.Errorf("%w: %w", &models.Error{Reason: models.ReasonBusy, RetryAfter: time.Second}, err)
}
