package main

import (
	"context"
	"net"
	"sync"
	"time"
)

// disconnects sends requests and closes the connection before the answers come.
// TestDisconnectedClientsCostNoConnection checks how many database connections that costs.
func disconnects(ctx context.Context, w *weather) error {
	const (
		leavers = 32
		long    = 8 * time.Second
		most    = 20 // lines
	)

	s, err := w.start(ctx, 0)
	if err != nil {
		return err
	}
	defer s.end()

	token, _, err := s.signIn(ctx, newClient())
	if err != nil {
		return err
	}

	const query = `{ currentShopper { sessions { id } customerAccount { firstName attributes { values } } } }`
	request := s.request(query, token)
	var group sync.WaitGroup
	counts := make([]int, leavers)

	for i := range leavers {
		group.Go(func() {
			for end := time.Now().Add(long); time.Now().Before(end); counts[i]++ {
				socket, err := (&net.Dialer{}).DialContext(ctx, "tcp", s.address)
				if err != nil {
					continue
				}

				_, _ = socket.Write(request)
				time.Sleep(time.Duration(i%4) * time.Millisecond)
				_ = socket.Close()
			}
		})
	}

	group.Wait()

	total := 0
	for _, count := range counts {
		total += count
	}

	lines, err := s.lines("level=WARN")
	if err != nil {
		return err
	}

	w.note("clients that disconnected", float64(total), "")
	w.figure("warnings", float64(lines), most, "lines")
	return nil
}
