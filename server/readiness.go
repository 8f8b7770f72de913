package server

import (
	"context"
	"errors"
	"sync/atomic"
	"time"

	"github.com/authtickets/authtickets/command"
	"github.com/authtickets/authtickets/models"
	"github.com/authtickets/authtickets/seal"
	"github.com/authtickets/authtickets/storage"
)

// database knows whether the server can answer operations.
type database struct {
	store *storage.Store
	// load reads what operations need. It is called when the schema is up to date.
	load func(context.Context) error
	// prepared is set when load has succeeded.
	prepared atomic.Bool
	// draining is set when the server stops.
	draining atomic.Bool
}

var (
	errDraining   = errors.New("the server is stopping")
	errUnprepared = errors.New("the server is still starting")
)

// prepare waits until the database answers. Then it checks or updates the schema, and loads the
// keys. It returns an error if waiting does not help, and nil if the context ends first.
func (d *database) prepare(env *command.Environment, settings *command.Settings, migrate bool) error {
	const pause = time.Second

	for {
		err := d.store.Ping(env.Context)
		if err == nil {
			err = d.prepareOnce(env, settings, migrate)
			isBusy := errors.Is(err, &models.Error{Reason: models.ReasonBusy})
			if !isBusy && !errors.Is(err, seal.ErrMasterAway) {
				return err
			}
		}
		if errors.Is(err, storage.ErrRefused) {
			return err
		}

		if errors.Is(err, seal.ErrMasterAway) {
			env.Log.ErrorContext(env.Context, "the keys cannot be decrypted at the moment; trying again", "error", err)
		} else {
			env.Log.ErrorContext(env.Context, "the database does not answer; trying again", "error", err)
		}

		select {
		case <-time.After(pause):
		case <-env.Context.Done():
			return nil
		}
	}
}

// prepareOnce makes one attempt for prepare.
func (d *database) prepareOnce(env *command.Environment, settings *command.Settings, migrate bool) error {
	if migrate {
		if _, err := d.store.Migrate(env.Context); err != nil {
			return err
		}
	}

	if err := settings.PrepareSchema(env.Context, d.store); err != nil {
		return err
	}

	if err := d.load(env.Context); err != nil {
		return err
	}

	d.prepared.Store(true)
	return nil
}

// ready returns why the server cannot answer operations now. It returns nil if it can.
func (d *database) ready(ctx context.Context) error {
	switch {
	case d.draining.Load():
		return errDraining
	case !d.prepared.Load():
		return errUnprepared
	}

	// A load balancer must learn within a second that the database is gone.
	const patience = 800 * time.Millisecond

	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	return d.store.Ready(ctx)
}
