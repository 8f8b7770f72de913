package applications

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/authtickets/authtickets/models"
	"github.com/authtickets/authtickets/secret"
	"github.com/authtickets/authtickets/storage"
	"github.com/authtickets/authtickets/timing"
)

// Book is the book of all applications, in which an operator writes. All its fields are required. What is written there reaches a Directory by its next Reload.
type Book struct {
	Store *storage.Store
	Now   func() time.Time
	// Random draws the secrets. It must be fit for cryptography.
	Random io.Reader
}

var (
	// ErrNotFound is returned where the application asked for does not exist.
	ErrNotFound = errors.New("there is no such application")
	// ErrExists is returned where an application has the id already.
	ErrExists = errors.New("there is such an application already")
)

// All returns all applications, in order of their ids.
func (b *Book) All(ctx context.Context) ([]models.Application, error) {
	return b.Store.Applications(ctx)
}

// Find returns the application with an id, or ErrNotFound.
func (b *Book) Find(ctx context.Context, id string) (*models.Application, error) {
	application, err := b.Store.Application(ctx, id)
	return application, known(err)
}

// Create makes an application. A confidential one gets a secret, which nobody can read again; of a public one it is empty. The error is ErrExists, or a RefusedError.
func (b *Book) Create(ctx context.Context, id string, confidential bool, change Change) (*models.Application, secret.Text, error) {
	now, err := b.Store.Clock(ctx)
	if err != nil {
		return nil, secret.Text{}, err
	}
	epoch, err := newEpoch(b.Random)
	if err != nil {
		return nil, secret.Text{}, err
	}
	application := &models.Application{
		ID: id, Name: id, IsConfidential: confidential, SessionsFrom: now.Add(-timing.ClockLeeway), Epoch: epoch,
		Behaviors: []string{}, AnonymousBehaviors: []string{}, OwnBehaviors: []string{}, Origins: []string{},
	}
	change.apply(application)
	if err := check(application); err != nil {
		return nil, secret.Text{}, err
	}
	var shown secret.Text
	if confidential {
		if shown, err = newSecret(b.Random); err != nil {
			return nil, secret.Text{}, err
		}
		hash := hashOf(shown)
		application.SecretHash = hash[:]
	}
	if err := b.Store.InsertApplication(ctx, application); err != nil {
		return nil, secret.Text{}, known(err)
	}
	return application, shown, nil
}

// Update changes what is said of an application, and returns it as it is then. Whether it is confidential stays. The error is ErrNotFound, or a RefusedError.
func (b *Book) Update(ctx context.Context, id string, change Change) (*models.Application, error) {
	return b.change(ctx, id, func(application *models.Application, _ time.Time) error {
		change.apply(application)
		return check(application)
	})
}

// RotateSecret gives a confidential application another secret and returns it; nobody can read it again. The one before stays good for as long as keepOld says, and the
// one before that ends now. The error is ErrNotFound, or a RefusedError.
func (b *Book) RotateSecret(ctx context.Context, id string, keepOld time.Duration) (secret.Text, error) {
	if keepOld < 0 {
		return secret.Text{}, RefusedError("keepOld: must not be negative")
	}
	shown, err := newSecret(b.Random)
	if err != nil {
		return secret.Text{}, err
	}
	hash := hashOf(shown)
	_, err = b.change(ctx, id, func(application *models.Application, now time.Time) error {
		if !application.IsConfidential {
			return RefusedError("id: a public application has no secret")
		}
		if bytes.Equal(application.SecretHash, hash[:]) { // an earlier attempt had got through
			return nil
		}
		application.PreviousSecretHash, application.PreviousSecretUntil = nil, nil
		if keepOld > 0 {
			application.PreviousSecretHash = application.SecretHash
			application.PreviousSecretUntil = new(now.Add(keepOld))
		}
		application.SecretHash = hash[:]
		return nil
	})
	if err != nil {
		return secret.Text{}, err
	}
	return shown, nil
}

// Disable keeps everybody from getting a ticket for an application, and ends its sessions. One that is disabled stays as it is. The error is ErrNotFound.
func (b *Book) Disable(ctx context.Context, id string) (*models.Application, error) {
	return b.disable(ctx, id, true)
}

// Enable makes an application usable again. The sessions that it had do not come back. One that is enabled stays as it is. The error is ErrNotFound.
func (b *Book) Enable(ctx context.Context, id string) (*models.Application, error) {
	return b.disable(ctx, id, false)
}

func (b *Book) disable(ctx context.Context, id string, disabled bool) (*models.Application, error) {
	epoch, err := newEpoch(b.Random)
	if err != nil {
		return nil, err
	}
	return b.change(ctx, id, func(application *models.Application, now time.Time) error {
		switch {
		case disabled && !application.IsDisabled:
			application.SessionsFrom, application.Epoch = now, epoch
		case application.IsDisabled && !disabled && application.SessionsFrom.Before(now.Add(-timing.ClockLeeway)):
			application.SessionsFrom = now.Add(-timing.ClockLeeway)
		}
		application.IsDisabled = disabled
		return nil
	})
}

// Delete deletes an application for good, and so ends its sessions: they do not come back with another application of the same id. The error is ErrNotFound.
func (b *Book) Delete(ctx context.Context, id string) error {
	return known(b.Store.DeleteApplication(ctx, id))
}

// change changes an application, and returns it as it is then. do can run twice.
func (b *Book) change(
	ctx context.Context, id string, do func(application *models.Application, now time.Time) error,
) (*models.Application, error) {
	var changed *models.Application
	err := b.Store.ChangeApplication(ctx, id, func(application *models.Application, now time.Time) error {
		changed = application
		return do(application, now)
	})
	if err != nil {
		return nil, known(err)
	}
	return changed, nil
}

// known turns storage's words for a row that is missing, or there already, into those of this package.
func known(err error) error {
	switch {
	case errors.Is(err, storage.ErrNotFound):
		return ErrNotFound
	case errors.Is(err, storage.ErrExists):
		return ErrExists
	}
	return err
}

// newEpoch draws an epoch, which is never 0. The one before is drawn again once in four billion
// times.
func newEpoch(random io.Reader) (uint32, error) {
	var drawn [4]byte
	if _, err := io.ReadFull(random, drawn[:]); err != nil {
		return 0, fmt.Errorf("draw an epoch: %w", err)
	}
	return max(1, binary.BigEndian.Uint32(drawn[:])), nil
}
