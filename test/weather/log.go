package main

import (
	"context"
	"sync"
	"time"
)

// logVolume causes log records as fast as strangers can: with wrong passwords, and with origins
// that are not allowed.
func logVolume(ctx context.Context, w *weather) error {
	const (
		clients     = 16
		long        = 5 * time.Second
		mostASecond = 20.0 // lines: a few of each kind
	)

	s, err := w.start(ctx, 0)
	if err != nil {
		return err
	}
	defer s.end()

	var group sync.WaitGroup
	for i := range clients {
		group.Go(func() {
			client := newClient()
			name := string(rune('a' + i))
			for end := time.Now().Add(long); time.Now().Before(end); name += "x" {
				const longestName = 200
				name = name[:min(len(name), longestName)]
				_, _, _ = s.ask(ctx, client,
					`mutation { createUserTicket(input: {username: "`+name+`", password: "wrong"}) { userId } }`, "")
			}
		})
	}

	group.Wait()

	lines, err := s.lines()
	if err != nil {
		return err
	}

	w.figure("lines of the log", float64(lines)/long.Seconds(), mostASecond, "/s")
	return nil
}
