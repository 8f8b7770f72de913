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
)

// retry runs do up to 8 times, while the database may succeed next time and ctx has not ended. The
// pauses grow from about 2 to 128 ms. If do still fails, the error wraps a models.Error with the
// reason BUSY, and the cause for the log. If ctx has ended, the error wraps the error of ctx.
//
// A statement whose connection broke may have been carried out. So it must be safe to run do twice:
// it inserts a row with a fixed key, or its first run makes its condition false.
func (s *Store) retry(ctx context.Context, do func() error) error {
	return s.retryOn(ctx, do, undone, broken)
}

// retryUndone is like retry, for what must not be done twice. It gives up if the statement may have
// been carried out.
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

		pause *= 2
	}
}

// asBusy makes clients see an error as BUSY if the same request may succeed later.
func (s *Store) asBusy(err error) error {
	if s.dialect.failure(err) == permanent && !errors.Is(err, ErrRefused) {
		return err
	}
	return fmt.Errorf("%w: %w", &models.Error{Reason: models.ReasonBusy, RetryAfter: time.Second}, err)
}
