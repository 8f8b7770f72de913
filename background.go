package main

import (
	"context"
	"errors"
	"sync/atomic"
	"time"

	"github.com/authtickets/authtickets/command"
	"github.com/authtickets/authtickets/models"
	"github.com/authtickets/authtickets/storage"
	"github.com/authtickets/authtickets/tickets"
	"github.com/authtickets/authtickets/web"
)

// database follows whether operations can be answered.
type database struct {
	store    *storage.Store
	prepared atomic.Bool
	draining atomic.Bool
}

var (
	errDraining   = errors.New("the server is stopping")
	errUnprepared = errors.New("the database has not answered yet")
)

// prepare waits for the database as long as it does not answer, and then sees to its schema. It returns an error for what waiting does not mend.
func (d *database) prepare(env *command.Environment, settings *command.Settings, migrate bool) error {
	const pause = time.Second
	for {
		err := d.store.Ping(env.Context)
		if err == nil {
			err = d.prepareSchema(env, settings, migrate)
			if !errors.Is(err, &models.Error{Reason: models.ReasonBusy}) {
				return err
			}
		}
		env.Log.ErrorContext(env.Context, "the database does not answer; trying again", "error", err)
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
	ctx, cancel := context.WithTimeout(ctx, time.Second)
	defer cancel()
	return d.store.Ping(ctx)
}

// purge deletes what has expired, until the program ends.
func purge(env *command.Environment, office *tickets.Office, interval time.Duration) {
	const pause = 50 * time.Millisecond
	ticker := time.NewTicker(interval)
	defer ticker.Stop()
	for {
		deleted, err := office.Purge(env.Context, pause)
		switch {
		case env.Context.Err() != nil:
			return
		case err != nil:
			env.Log.ErrorContext(env.Context, "expired rows not purged", "error", err)
		case deleted > 0:
			env.Log.InfoContext(env.Context, "expired rows purged", "rows", deleted)
		}
		select {
		case <-ticker.C:
		case <-env.Context.Done():
			return
		}
	}
}

// logClients logs every hour what the clients say they are, until the program ends.
func logClients(env *command.Environment, handler *web.Handler) {
	ticker := time.NewTicker(time.Hour)
	defer ticker.Stop()
	for {
		select {
		case <-ticker.C:
			handler.LogClients(env.Context)
		case <-env.Context.Done():
			return
		}
	}
}
