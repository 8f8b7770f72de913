package command

import (
	"fmt"
	"io"
)

// Schema prints the GraphQL schema.
type Schema struct{}

// Run runs the command.
func (*Schema) Run(env *Environment) error {
	_, err := io.WriteString(env.Stdout, env.SDL)
	return err
}

// Version prints the program's version.
type Version struct{}

// Run runs the command.
func (*Version) Run(env *Environment) error {
	_, err := fmt.Fprintln(env.Stdout, "authtickets", env.Version)
	return err
}
