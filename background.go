package main

import (
	"context"
	"errors"
	"sync/atomic"
	"time"

	"github.com/authtickets/authtickets/command"
	"github.com/authtickets/authtickets/keyring"
	"github.com/authtickets/authtickets/models"
	"github.com/authtickets/authtickets/safely"
	"github.com/authtickets/authtickets/seal"
	"github.com/authtickets/authtickets/storage"
	"github.com/authtickets/authtickets/tickets"
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

// every does some things at once and then at an interval, until the program ends. What fails or
// panics is logged, and keeps neither the others nor the next time from being done.
func every(env *command.Environment, interval time.Duration, chores ...chore) {
	ticker := time.NewTicker(interval)
	defer ticker.Stop()
	for {
		for _, chore := range chores {
			err := safely.Do(chore.do)
			if err != nil && env.Context.Err() == nil {
				env.Log.ErrorContext(env.Context, "background work failed", "work", chore.what, "error", err)
			}
		}
		select {
		case <-ticker.C:
		case <-env.Context.Done():
			return
		}
	}
}

// chore is a piece of background work.
type chore struct {
	// what is how the log calls it.
	what string
	do   func() error
}

// purge deletes what has expired.
func purge(env *command.Environment, office *tickets.Office) error {
	const pause = 50 * time.Millisecond
	deleted, err := office.Purge(env.Context, pause)
	if deleted > 0 {
		env.Log.InfoContext(env.Context, "expired rows purged", "rows", deleted)
	}
	return err
}

// How often a server asks the database what others have changed.
const (
	applicationsInterval = 2 * time.Second
	keysetsInterval      = 2 * time.Second // several times before the first ticket is sealed under a new one
	endedInterval        = 250 * time.Millisecond
	askingTime           = 10 * time.Second // the longest
)

// clientsInterval is how often a server logs what its clients say they are.
const clientsInterval = time.Hour

// follow calls ask again and again, to learn what others have changed, until the program ends. That it fails is logged once, until it has succeeded again.
func follow(env *command.Environment, what string, interval time.Duration, ask func(context.Context) error) {
	ticker := time.NewTicker(interval)
	defer ticker.Stop()
	failing := false
	for {
		select {
		case <-ticker.C:
		case <-env.Context.Done():
			return
		}
		ctx, cancel := context.WithTimeout(env.Context, askingTime)
		err := safely.Do(func() error { return ask(ctx) })
		cancel()
		switch {
		case env.Context.Err() != nil:
			return
		case err != nil && !failing:
			env.Log.ErrorContext(env.Context, "changes cannot be followed", "of", what, "error", err)
		case err == nil && failing:
			env.Log.InfoContext(env.Context, "changes are followed again", "of", what)
		}
		failing = err != nil
	}
}

func rotateKeys(env *command.Environment, ring *keyring.Ring, rotation time.Duration) error {
	rotated, err := ring.RotateIfDue(env.Context, rotation)
	for _, keyset := range rotated {
		env.Log.InfoContext(env.Context, "keyset published", "purpose", keyset.Purpose, "number", keyset.Number, "usedFrom", keyset.UsedFrom)
	}
	return err
}

func retireKeys(env *command.Environment, ring *keyring.Ring) error {
	retired, err := ring.RetireExpired(env.Context)
	for _, keyset := range retired {
		env.Log.InfoContext(env.Context, "keyset retired", "purpose", keyset.Purpose, "number", keyset.Number)
	}
	return err
}
