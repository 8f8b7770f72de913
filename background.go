package main

import (
	"context"
	"errors"
	"runtime"
	"sync/atomic"
	"time"

	"github.com/authtickets/authtickets/command"
	"github.com/authtickets/authtickets/keyring"
	"github.com/authtickets/authtickets/models"
	"github.com/authtickets/authtickets/password"
	"github.com/authtickets/authtickets/seal"
	"github.com/authtickets/authtickets/storage"
	"github.com/authtickets/authtickets/tickets"
	"github.com/authtickets/authtickets/web"
)

// database follows whether operations can be answered.
type database struct {
	store *storage.Store
	// load reads what must be known before the first operation.
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

// every does something at once and then at an interval, until the program ends.
func every(env *command.Environment, interval time.Duration, do func()) {
	ticker := time.NewTicker(interval)
	defer ticker.Stop()
	for {
		do()
		select {
		case <-ticker.C:
		case <-env.Context.Done():
			return
		}
	}
}

// purge deletes what has expired.
func purge(env *command.Environment, office *tickets.Office) {
	const pause = 50 * time.Millisecond
	deleted, err := office.Purge(env.Context, pause)
	switch {
	case env.Context.Err() != nil:
	case err != nil:
		env.Log.ErrorContext(env.Context, "expired rows not purged", "error", err)
	case deleted > 0:
		env.Log.InfoContext(env.Context, "expired rows purged", "rows", deleted)
	}
}

// How often a server asks the database what others have changed.
const (
	applicationsInterval = 2 * time.Second
	keysetsInterval      = 2 * time.Second // several times before the first ticket is sealed under a new one
	endedInterval        = 250 * time.Millisecond
	askingTime           = 10 * time.Second // the longest
)

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
		err := ask(ctx)
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

// makeRoom lets as many more goroutines run at a time as passwords are being hashed, while there is other work beside, until the program ends. A hash keeps one of Go's
// processors for 20 ms; with some to spare the system shares the cores out, and tickets do not wait behind hashes: that takes their p99 from eight times to twice what it is
// without hashes. It makes the hashes a tenth dearer, so it is not done for them alone.
func makeRoom(env *command.Environment, hasher *password.Hasher, handler *web.Handler) {
	const interval, few = 20 * time.Millisecond, 4
	cores := runtime.GOMAXPROCS(0)
	present := cores
	ticker := time.NewTicker(interval)
	defer ticker.Stop()
	var requestsBefore, begunBefore int64
	for env.Context.Err() == nil {
		<-ticker.C
		requests := handler.Requests()
		begun, running := hasher.Counts()
		wanted := cores
		if others := (requests - requestsBefore) - (begun - begunBefore); running > 0 && others > few {
			wanted += int(running)
		}
		requestsBefore, begunBefore = requests, begun
		if wanted != present {
			runtime.GOMAXPROCS(wanted)
			present = wanted
		}
	}
}

func rotateKeys(env *command.Environment, ring *keyring.Ring, rotation time.Duration) {
	rotated, err := ring.RotateIfDue(env.Context, rotation)
	for _, keyset := range rotated {
		env.Log.InfoContext(env.Context, "keyset published", "purpose", keyset.Purpose, "number", keyset.Number, "usedFrom", keyset.UsedFrom)
	}
	if err != nil && env.Context.Err() == nil {
		env.Log.ErrorContext(env.Context, "keysets not rotated", "error", err)
	}
}

func retireKeys(env *command.Environment, ring *keyring.Ring) {
	retired, err := ring.RetireExpired(env.Context)
	for _, keyset := range retired {
		env.Log.InfoContext(env.Context, "keyset retired", "purpose", keyset.Purpose, "number", keyset.Number)
	}
	if err != nil && env.Context.Err() == nil {
		env.Log.ErrorContext(env.Context, "keysets not retired", "error", err)
	}
}
