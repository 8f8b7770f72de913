package server

import (
	"context"
	"time"

	"github.com/authtickets/authtickets/command"
	"github.com/authtickets/authtickets/keyring"
	"github.com/authtickets/authtickets/safely"
	"github.com/authtickets/authtickets/tickets"
	"github.com/authtickets/authtickets/timing"
	"github.com/authtickets/authtickets/web"
)

// workInBackground starts the work that a server does besides answering requests.
func (s *serve) workInBackground(env *command.Environment, parts *parts, handler *web.Handler) {
	go follow(env, "applications", timing.ApplicationsPoll, parts.Directory.Reload)
	if parts.ApplicationTickets != nil {
		go follow(env, "ended tickets of applications", timing.ApplicationsPoll, parts.Directory.ReloadEnded)
	}
	go follow(env, "keysets", timing.KeysetsPoll, parts.Ring.Reload)
	go follow(env, "ended sessions", timing.EndedPoll, parts.office.ReloadEnded)

	go every(env, s.PurgeInterval,
		chore{"purging expired rows", func() error { return purge(env, parts.office) }},
	)
	go every(env, s.KeyCheckInterval,
		chore{"rotating keysets", func() error { return rotateKeys(env, parts.Ring, s.KeyRotation) }},
		chore{"retiring keysets", func() error { return retireKeys(env, parts.Ring) }},
	)
	go afterEach(env, clientsInterval, chore{"counting clients", func() error {
		handler.LogClients(env.Context)
		return nil
	}})
}

// every does its chores at once, and again after each interval until the program ends.
func every(env *command.Environment, interval time.Duration, chores ...chore) {
	doAll(env, chores)
	afterEach(env, interval, chores...)
}

// afterEach does its chores after each interval until the program ends.
func afterEach(env *command.Environment, interval time.Duration, chores ...chore) {
	ticker := time.NewTicker(interval)
	defer ticker.Stop()

	for {
		select {
		case <-ticker.C:
			doAll(env, chores)
		case <-env.Context.Done():
			return
		}
	}
}

// doAll does each chore. It logs a chore that fails or panics, and continues with the next one.
func doAll(env *command.Environment, chores []chore) {
	for _, chore := range chores {
		err := safely.Do(chore.do)
		if err != nil && env.Context.Err() == nil {
			env.Log.ErrorContext(env.Context, "background work failed", "work", chore.what, "error", err)
		}
	}
}

// chore is a piece of background work.
type chore struct {
	// what is its name in the log.
	what string
	do   func() error
}

// purge deletes expired rows, and logs how many.
func purge(env *command.Environment, office *tickets.Office) error {
	const pause = 50 * time.Millisecond
	deleted, err := office.Purge(env.Context, pause)

	if deleted > 0 {
		env.Log.InfoContext(env.Context, "expired rows purged", "rows", deleted)
	}
	return err
}

// clientsInterval is how often a server logs which clients have called it.
const clientsInterval = time.Hour

// follow calls reload after each interval until the program ends, so that the server learns what
// others have changed. It logs the first of several failures in a row, and the first success after
// them.
func follow(env *command.Environment, what string, interval time.Duration, reload func(context.Context) error) {
	ticker := time.NewTicker(interval)
	defer ticker.Stop()
	failing := false

	for {
		select {
		case <-ticker.C:
		case <-env.Context.Done():
			return
		}

		ctx, cancel := context.WithTimeout(env.Context, timing.PollTimeout)
		err := safely.Do(func() error { return reload(ctx) })
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

// rotateKeys replaces the keysets that are older than rotation.
func rotateKeys(env *command.Environment, ring *keyring.Ring, rotation time.Duration) error {
	_, err := ring.RotateIfDue(env.Context, rotation)
	return err
}

// retireKeys deletes the keysets that nothing needs any more.
func retireKeys(env *command.Environment, ring *keyring.Ring) error {
	_, err := ring.RetireExpired(env.Context)
	return err
}
