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

// workBehind begins what a server does besides answering requests.
func (s *serve) workBehind(env *command.Environment, parts *parts, handler *web.Handler) {
	go follow(env, "applications", timing.ApplicationsPoll, parts.Directory.Reload)
	go follow(env, "keysets", timing.KeysetsPoll, parts.Ring.Reload)
	go follow(env, "ended sessions", timing.EndedPoll, parts.office.ReloadEnded)
	go every(env, s.PurgeInterval,
		chore{"purging expired rows", func() error { return purge(env, parts.office) }},
	)
	go every(env, s.KeyCheckInterval,
		chore{"rotating keysets", func() error { return rotateKeys(env, parts.Ring, s.KeyRotation) }},
		chore{"retiring keysets", func() error { return retireKeys(env, parts.Ring) }},
	)
	go every(env, clientsInterval, chore{"counting clients", func() error {
		handler.LogClients(env.Context)
		return nil
	}})
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
		ctx, cancel := context.WithTimeout(env.Context, timing.PollTimeout)
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
