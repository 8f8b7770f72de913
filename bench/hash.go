package main

import (
	"context"
	"runtime"
	"time"

	"github.com/authtickets/authtickets/password"
	"github.com/authtickets/authtickets/secret"
)

// passwordHash is the name, in the tables, of one hash at the default cost.
const passwordHash = "floor: one argon2id hash"

// hashes returns loops that each compute password hashes. As many run at a time as in the server.
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
