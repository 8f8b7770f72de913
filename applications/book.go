package applications

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/authtickets/authtickets/access"
	"github.com/authtickets/authtickets/models"
	"github.com/authtickets/authtickets/secret"
	"github.com/authtickets/authtickets/storage"
	"github.com/authtickets/authtickets/timing"
)

// Book reads and changes the applications in the database. All its fields are required. A Directory
// has a change after its next Reload.
type Book struct {
	Store *storage.Store
	Now   func() time.Time
	// Random draws the secrets. It must be fit for cryptography.
	Random io.Reader
	// Desk checks the rights of callers, and records what they do. Only operators and the server
	// can use the book.
	Desk *access.Desk
}

var (
	// ErrNotFound is returned if the application does not exist.
	ErrNotFound = errors.New("there is no such application")
	// ErrExists is returned if another application has the id, or the client id.
	ErrExists = errors.New("another application has this id or client id")
)

// All returns all applications, in order of their ids.
func (b *Book) All(ctx context.Context, caller *access.Caller) ([]models.Application, error) {
	if err := b.Desk.Check(ctx, caller, access.Act{Name: "application.read"}); err != nil {
		return nil, err
	}
	return b.Store.Applications(ctx)
}

// Find returns the application with an id, or ErrNotFound.
func (b *Book) Find(ctx context.Context, caller *access.Caller, id string) (*models.Application, error) {
	if err := b.Desk.Check(ctx, caller, access.Act{Name: "application.read"}); err != nil {
		return nil, err
	}
	application, err := b.Store.Application(ctx, id)
	return application, ownError(err)
}

// New describes a new application. Fields that are nil in Change get their defaults.
type New struct {
	ID             string
	IsConfidential bool
	Change
}

// Created is a new application. Secret is the secret of a confidential application, and empty for a
// public one. Nobody can read it again.
type Created struct {
	*models.Application
	Secret secret.Text
}

// Create makes an application. The error is ErrExists, or a RefusedError.
func (b *Book) Create(ctx context.Context, caller *access.Caller, input New) (Created, error) {
	act := access.Act{Name: "application.create"}
	return access.Do(ctx, b.Desk, caller, act, func(entry *access.Entry) (Created, error) {
		created, err := b.create(ctx, input)
		if err == nil {
			entry.Application = created.ID
		}
		return created, err
	})
}

// create is Create without the check of the caller.
func (b *Book) create(ctx context.Context, input New) (Created, error) {
	now, err := b.Store.Clock(ctx)
	if err != nil {
		return Created{}, err
	}
	epoch, err := newEpoch(b.Random)
	if err != nil {
		return Created{}, err
	}

	application := &models.Application{
		ID:                 input.ID,
		Name:               input.ID,
		IsConfidential:     input.IsConfidential,
		SessionsFrom:       now.Add(-timing.ClockLeeway),
		Epoch:              epoch,
		Behaviors:          []string{},
		AnonymousBehaviors: []string{},
		OwnBehaviors:       []string{},
		Origins:            []string{},
	}
	input.apply(application)
	if err := check(application); err != nil {
		return Created{}, err
	}

	created := Created{Application: application}
	if input.IsConfidential {
		if created.Secret, err = newSecret(b.Random); err != nil {
			return Created{}, err
		}
		hash := hashOf(created.Secret)
		application.SecretHash = hash[:]
	}
	if err := b.Store.InsertApplication(ctx, application); err != nil {
		return Created{}, ownError(err)
	}
	return created, nil
}

// Update changes an application, and returns the changed application. A confidential application
// stays confidential, and a public one public. The error is ErrNotFound, or a RefusedError.
func (b *Book) Update(
	ctx context.Context, caller *access.Caller, id string, change Change,
) (*models.Application, error) {
	act := access.Act{Name: "application.update"}
	return b.change(ctx, caller, act, id, func(application *models.Application, _ time.Time) error {
		change.apply(application)
		return check(application)
	})
}

// RotateSecret gives a confidential application a new secret and returns it. Nobody can read it
// again. The current secret stays valid for keepOld. Any older one is invalid from now on. The
// error is ErrNotFound, or a RefusedError.
func (b *Book) RotateSecret(
	ctx context.Context, caller *access.Caller, id string, keepOld time.Duration,
) (secret.Text, error) {
	if keepOld < 0 {
		return secret.Text{}, RefusedError("keepOld: must not be negative")
	}
	text, err := newSecret(b.Random)
	if err != nil {
		return secret.Text{}, err
	}
	hash := hashOf(text)
	act := access.Act{Name: "application.rotate-secret"}
	_, err = b.change(ctx, caller, act, id, func(application *models.Application, now time.Time) error {
		if !application.IsConfidential {
			return RefusedError("id: a public application has no secret")
		}
		if bytes.Equal(application.SecretHash, hash[:]) { // an earlier attempt has succeeded
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
	return text, nil
}

// Disable stops an application from getting tickets, and ends its sessions. It has no effect if the
// application is already disabled. The error is ErrNotFound.
func (b *Book) Disable(ctx context.Context, caller *access.Caller, id string) (*models.Application, error) {
	return b.disable(ctx, caller, access.Act{Name: "application.disable"}, id, true)
}

// Enable makes an application usable again. Its former sessions do not come back. It has no effect
// if the application is already enabled. The error is ErrNotFound.
func (b *Book) Enable(ctx context.Context, caller *access.Caller, id string) (*models.Application, error) {
	return b.disable(ctx, caller, access.Act{Name: "application.enable"}, id, false)
}

func (b *Book) disable(
	ctx context.Context, caller *access.Caller, act access.Act, id string, disabled bool,
) (*models.Application, error) {
	epoch, err := newEpoch(b.Random)
	if err != nil {
		return nil, err
	}
	return b.change(ctx, caller, act, id, func(application *models.Application, now time.Time) error {
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

// Delete deletes an application for good, which ends its sessions. They do not come back if another
// application gets the same id. The error is ErrNotFound.
func (b *Book) Delete(ctx context.Context, caller *access.Caller, id string) error {
	act := access.Act{Name: "application.delete"}
	_, err := access.Do(ctx, b.Desk, caller, act, func(entry *access.Entry) (struct{}, error) {
		err := ownError(b.Store.DeleteApplication(ctx, id))
		if err == nil {
			entry.Application = id
		}
		return struct{}{}, err
	})
	return err
}

// change changes an application with do, and returns the changed application. do may run more than
// once.
func (b *Book) change(
	ctx context.Context, caller *access.Caller, act access.Act, id string,
	do func(application *models.Application, now time.Time) error,
) (*models.Application, error) {
	return access.Do(ctx, b.Desk, caller, act, func(entry *access.Entry) (*models.Application, error) {
		return b.changeStored(ctx, entry, id, do)
	})
}

// changeStored is change without the check of the caller.
func (b *Book) changeStored(
	ctx context.Context, entry *access.Entry, id string,
	do func(application *models.Application, now time.Time) error,
) (*models.Application, error) {
	var changed *models.Application
	err := b.Store.ChangeApplication(ctx, id, func(application *models.Application, now time.Time) error {
		changed, entry.Application = application, application.ID
		return do(application, now)
	})
	if err != nil {
		return nil, ownError(err)
	}
	return changed, nil
}

// ownError turns storage.ErrNotFound and storage.ErrExists into the errors of this package.
func ownError(err error) error {
	switch {
	case errors.Is(err, storage.ErrNotFound):
		return ErrNotFound
	case errors.Is(err, storage.ErrExists):
		return ErrExists
	}
	return err
}

// newEpoch draws an epoch, which is never 0. It equals the previous one once in four billion times.
func newEpoch(random io.Reader) (uint32, error) {
	var drawn [4]byte
	if _, err := io.ReadFull(random, drawn[:]); err != nil {
		return 0, fmt.Errorf("draw an epoch: %w", err)
	}
	return max(1, binary.BigEndian.Uint32(drawn[:])), nil
}
