package main

import (
	"context"
	"runtime"
	"time"

	"github.com/authtickets/authtickets/password"
	"github.com/authtickets/authtickets/secret"
)

// passwordHash is what a hash at the default cost is called in the tables.
const passwordHash = "floor: one argon2id hash"

// hashes returns loops over one password hash, of which as many run at a time as in the server.
func hashes(ctx context.Context, j job) ([]step, error) {
	hasher, err := password.New(password.Settings{Concurrent: runtime.NumCPU(), Wait: time.Minute})
	if err != nil {
		return nil, err
	}
	steps := make([]step, j.Connections)
	for i := range steps {
		steps[i] = func() error {
			_, err := hasher.Hash(ctx, secret.New(accountPassword))
			return err
		}
	}
	return steps, nil
}
