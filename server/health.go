package server

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"time"

	"github.com/authtickets/authtickets/command"
)

// health is the command that asks a running server whether it is well. A container image without
// other programs can use it as its health check.
type health struct {
	command.Address

	Live bool `help:"Ask whether the server should keep running, even if it cannot reach its database."`
}

var errNotWell = errors.New("the server is not well")

// healthPatience is how long the answer may take.
const healthPatience = 3 * time.Second

// Run runs the command.
func (c *health) Run(env *command.Environment) error {
	if err := c.Check(); err != nil {
		return err
	}

	ctx, cancel := context.WithTimeout(env.Context, healthPatience)
	defer cancel()

	path := "/readyz"
	if c.Live {
		path = "/livez"
	}

	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://localhost"+path, http.NoBody)
	if err != nil {
		return err
	}

	transport := &http.Transport{
		DialContext:       func(ctx context.Context, _, _ string) (net.Conn, error) { return c.Dial(ctx) },
		DisableKeepAlives: true,
	}
	response, err := transport.RoundTrip(request)
	if err != nil {
		return fmt.Errorf("%w: %w", errNotWell, err)
	}
	defer response.Body.Close() //nolint:errcheck // nothing depends on it any more

	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("%w: %s answers %s", errNotWell, path, response.Status)
	}

	_, err = fmt.Fprintln(env.Stdout, "The server is well.")
	return err
}
