package main

import (
	"context"
	"errors"
	"runtime"
	"sync/atomic"
	"time"

	"github.com/authtickets/authtickets/command"
	"github.com/authtickets/authtickets/models"
	"github.com/authtickets/authtickets/password"
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
