package main

import (
	"context"
	"fmt"
	"net/http"
	"path/filepath"
	"time"
)

// server is one of our servers.
type server struct {
	workshop *workshop
	on       host
	database string
	log      string
	process  *process
}

const (
	serverPort  = 8080
	reuseWindow = 3 * time.Second
)

func newServer(w *workshop, on host, database string) *server {
	return &server{workshop: w, on: on, database: database, log: filepath.Join(w.folder, on.name+".server.log")}
}

func (s *server) url() string { return fmt.Sprintf("http://%s:%d", s.on.front, serverPort) }

// start starts the server, and returns once it is ready. The waits are short, as they should be in
// production, so that clients learn in time that the node does not answer. The reuse window is
// short too, so that it passes during a trial. A customer may have many sessions, because some are
// unused: those whose first ticket was lost.
func (s *server) start(ctx context.Context) error {
	arguments := append([]string{
		"serve", fmt.Sprintf("--listen=%s:%d", s.on.front, serverPort), "--issuer=http://tickets.example",
		"--database=" + s.database, "--keys=" + s.workshop.keys, "--log-format=json", "--no-playground",
		"--database-connect-wait=1s", "--database-statement-wait=2s", "--request-timeout=5s",
		"--access-lifetime=60s", "--reuse-window=" + reuseWindow.String(), "--sessions-per-customer=1000",
	}, cheapHashes()...)

	var err error
	s.process, err = launch(s.on, s.log, []string{"HOME=" + s.workshop.folder}, s.workshop.server, arguments...)
	if err != nil {
		return err
	}

	return s.becomesReady(ctx)
}

// becomesReady waits until the server reports that it is ready.
func (s *server) becomesReady(ctx context.Context) error {
	err := eventually(ctx, startPatience, func(ctx context.Context) error {
		if !s.process.isRunning() {
			return errStopped
		}
		if status := s.readiness(ctx); status != http.StatusOK {
			return fmt.Errorf("/readyz says %d", status)
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("the server of %s is not ready: %w:\n%s", s.on.name, err, tailOf(s.log))
	}
	return nil
}

// readiness returns the status of /readyz, or 0 if there is no answer within a second.
func (s *server) readiness(ctx context.Context) int {
	ctx, cancel := context.WithTimeout(ctx, time.Second)
	defer cancel()

	request, err := http.NewRequestWithContext(ctx, http.MethodGet, s.url()+"/readyz", nil)
	if err != nil {
		return 0
	}

	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return 0
	}

	_ = response.Body.Close()
	return response.StatusCode
}

// noticesWithin polls /readyz, and returns how long it took until the server reported that it is
// not ready. It gives up after patience, and then returns that.
func (s *server) noticesWithin(ctx context.Context, patience time.Duration) time.Duration {
	start := time.Now()
	for time.Since(start) < patience && ctx.Err() == nil {
		if s.readiness(ctx) == http.StatusServiceUnavailable {
			return time.Since(start)
		}

		time.Sleep(20 * time.Millisecond)
	}

	return patience
}

func (s *server) close() {
	if s.process != nil {
		s.process.kill()
	}
}
