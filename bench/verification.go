package main

import (
	"context"

	"github.com/authtickets/authtickets/verify"
)

// verification is the name, in the tables, of verifying a jwtAccessToken in another service.
const verification = "verify a jwtAccessToken"

// verifications returns loops that verify one token. Each has the list of revoked tickets. The
// server is asked only once for the keys and for the list.
func verifications(ctx context.Context, j job) ([]step, error) {
	c, err := connect(j.Address)
	if err != nil {
		return nil, err
	}

	answer, err := c.ask(askJWT, nil)
	if err != nil {
		return nil, err
	}

	token, issuer := member(answer, "jwtAccessToken"), "http://"+j.Address
	verifier, err := verify.New(verify.Settings{Issuer: issuer, Audience: issuer})
	if err != nil {
		return nil, err
	}

	go verifier.Follow(ctx)
	steps := make([]step, j.Connections)
	for i := range steps {
		steps[i] = func() error {
			_, err := verifier.Verify(ctx, token)
			return err
		}
	}

	_, err = verifier.Verify(ctx, token)
	return steps, err
}
