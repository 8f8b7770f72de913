package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strconv"
	"strings"
	"sync"
	"time"
)

const (
	mostMemory = 160.0 // MiB
	mostWait   = 1.0   // seconds
	// mostRefused is in percent. While a crowd arrives, each of its connections takes up room for a
	// moment.
	mostRefused = 50.0
	strangers   = 8000
)

// connections opens connections that never complete a request, while an honest client sends
// requests.
func connections(ctx context.Context, w *weather) error {
	const head = "POST /graphql HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
	const download = "GET /playground/graphiql.min.js HTTP/1.1\r\nHost: x\r\n\r\n"
	for _, test := range []struct {
		name, sent string
		files      int
		count      int
	}{
		{"unfinished bodies, 1 byte", head + "Content-Length: 60000\r\n\r\n{", 0, strangers},
		{
			"unfinished bodies, 60 kB",
			head + "Content-Length: 60000\r\n\r\n" + strings.Repeat("{", 59_999), 0, strangers,
		},
		{"unfinished bodies, 4 kB", head + "Content-Length: 60000\r\n\r\n" + strings.Repeat("{", 4000), 0, strangers},
		{"unfinished heads, 15 kB", head + "X-Long: " + strings.Repeat("x", 15<<10), 0, strangers},
		{"idle connections, 64 files", "GET /livez HTTP/1.1\r\nHost: x\r\n\r\n", 64, 300},
		{"silent connections, 64 files", "", 64, 300},
		{"idle connections, 256 files", "GET /livez HTTP/1.1\r\nHost: x\r\n\r\n", 256, 1000},
		{"answers nobody reads", strings.Repeat(download, 60), 0, 1000},
	} {
		if err := w.crowd(ctx, test.name, test.sent, test.files, test.count); err != nil {
			return fmt.Errorf("%s: %w", test.name, err)
		}
	}

	return nil
}

// crowd opens connections that send a text and then stay open, and measures the server.
func (w *weather) crowd(ctx context.Context, name, sent string, files, count int) error {
	s, err := w.start(ctx, files)
	if err != nil {
		return err
	}
	defer s.end()

	crowded, leave := context.WithCancel(ctx)
	defer leave()

	honest := make(chan honestResult, 1)
	go func() { honest <- askHonestly(crowded, s) }()
	opened := openAll(crowded, s.address, sent, count)
	const stay = 5 * time.Second

	select {
	case <-time.After(stay):
	case <-ctx.Done():
	}

	peak, err := s.memory("VmHWM")
	sockets, err2 := socketMemory()
	leave()
	result := <-honest

	for _, socket := range opened {
		_ = socket.Close()
	}

	if err := errors.Join(err, err2); err != nil {
		return err
	}

	w.figure(name+": memory", peak, mostMemory, "MiB")
	w.note(name+": memory of sockets, of all this machine", sockets, "MiB")
	w.figure(name+": longest wait of an honest client", result.longest.Seconds(), mostWait, "s")
	others := fmt.Sprintf("/ %d / %d", result.busy, result.failed)
	w.note(name+": answered / 503 / failed", float64(result.answered), others)
	w.figure(name+": honest requests refused", result.refused(), mostRefused, "%")
	if result.failed > 0 {
		w.figure(name+": honest requests without an answer", float64(result.failed), 0, "")
	}

	return nil
}

// socketMemory returns how much memory the system uses for TCP buffers, in MiB.
func socketMemory() (float64, error) {
	text, err := os.ReadFile("/proc/net/sockstat")
	if err != nil {
		return 0, err
	}

	_, rest, _ := strings.Cut(string(text), "TCP:")
	_, rest, _ = strings.Cut(rest, "mem ")
	pages, err := strconv.ParseFloat(strings.Fields(rest)[0], 64)
	return pages * float64(os.Getpagesize()) / (1 << 20), err
}

// openAll opens connections and leaves them open.
func openAll(ctx context.Context, address, sent string, count int) []net.Conn {
	const atATime = 64
	var (
		group  sync.WaitGroup
		mutex  sync.Mutex
		opened []net.Conn
	)

	turns := make(chan struct{}, atATime)
	for range count {
		turns <- struct{}{}
		group.Go(func() {
			defer func() { <-turns }()
			socket, err := (&net.Dialer{Timeout: time.Second}).DialContext(ctx, "tcp", address)
			if err != nil {
				return
			}

			shrinkReadBuffer(socket)
			_ = socket.SetWriteDeadline(time.Now().Add(time.Second))
			_, _ = io.WriteString(socket, sent)
			mutex.Lock()
			defer mutex.Unlock()

			opened = append(opened, socket)
		})
	}

	group.Wait()
	return opened
}

// shrinkReadBuffer makes the system accept only little data that nobody reads, like a slow network.
func shrinkReadBuffer(socket net.Conn) {
	const small = 4 << 10
	if tcp, ok := socket.(*net.TCPConn); ok {
		_ = tcp.SetReadBuffer(small)
	}
}

// honestResult is what an honest client saw.
type honestResult struct {
	answered, busy, failed int
	longest                time.Duration
}

// refused is the percentage of requests that the server had no room for.
func (r honestResult) refused() float64 {
	return 100 * float64(r.busy) / float64(max(1, r.answered+r.busy))
}

// askHonestly asks for a ticket again and again, each time on a new connection.
func askHonestly(ctx context.Context, s *server) honestResult {
	const pause = 50 * time.Millisecond
	var result honestResult
	for ctx.Err() == nil {
		client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}, Timeout: 30 * time.Second}
		begin := time.Now()
		const query = `mutation { anonymousShopperTicket { accessToken } }`
		status, _, err := s.ask(context.WithoutCancel(ctx), client, query, "")
		result.longest = max(result.longest, time.Since(begin))
		switch {
		case err != nil:
			result.failed++
		case status == http.StatusServiceUnavailable:
			result.busy++
		default:
			result.answered++
		}

		time.Sleep(pause)
	}

	return result
}
