package command

import (
	"errors"
	"fmt"
)

// Migrate brings the database's schema up to date.
type Migrate struct{}

// Run runs the command.
func (*Migrate) Run(env *Environment, settings *Settings) (err error) {
	store, err := settings.OpenStore(env)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, store.Close()) }()

	applied, err := store.Migrate(env.Context)
	if err != nil {
		return err
	}
	if applied == 0 {
		_, err = fmt.Fprintln(env.Stdout, "The schema was up to date.")
		return err
	}

	_, err = fmt.Fprintf(env.Stdout, "Migrations applied: %d. The schema is up to date.\n", applied)
	return err
}
