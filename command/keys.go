package command

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/authtickets/authtickets/seal"
)

// Keys are the commands for key files.
type Keys struct {
	Create CreateKeys `cmd:"" help:"Make a key file with one random key, readable by its owner only. An existing file is never overwritten."`
}

// CreateKeys makes a key file.
type CreateKeys struct {
	File string `arg:"" help:"Where to make it."`
}

// Run carries the command out.
func (c *CreateKeys) Run(env *Environment) error {
	if err := os.MkdirAll(filepath.Dir(c.File), 0o700); err != nil {
		return err
	}
	if err := seal.CreateFile(c.File); err != nil {
		return err
	}
	_, err := fmt.Fprintf(env.Stdout, "Made %s. Give every replica a copy, and keep one safe: without it every shopper is signed out.\n", c.File)
	return err
}
