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

// database follows whether operations can be answered.
type database struct {
	store *storage.Store
	// load reads and writes what must be there before the first operation.
	load     func(context.Context) error
	prepared atomic.Bool
	draining atomic.Bool
}

var (
	errDraining   = errors.New("the server is stopping")
	errUnprepared = errors.New("the database has not answered yet")
)

// prepare waits for the database as long as it does not answer, and then sees to its schema and has the keys loaded. It returns an error for what waiting does not mend.
func (d *database) prepare(env *command.Environment, settings *command.Settings, migrate bool) error {
	const pause = time.Second
	for {
		err := d.store.Ping(env.Context)
		if err == nil {
			err = d.prepareSchema(env, settings, migrate)
			if !errors.Is(err, &models.Error{Reason: models.ReasonBusy}) && !errors.Is(err, seal.ErrMasterAway) {
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

func (d *database) prepareSchema(env *command.Environment, settings *command.Settings, migrate bool) error {
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

// ready returns why operations cannot be answered at the moment.
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
