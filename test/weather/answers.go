package main

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

const (
	mostTimesSlower = 3.0
	greedyClients   = 40
	sessionsOfOne   = 50
)

// answers sends small queries that request much, while an honest client refreshes.
func answers(ctx context.Context, w *weather) error {
	s, err := w.start(ctx, 0)
	if err != nil {
		return err
	}
	defer s.end()

	client := newClient()
	var token string
	for range sessionsOfOne {
		if token, _, err = s.signIn(ctx, client); err != nil {
			return err
		}
	}

	const sessions = `sessions { id application startedAt refreshedAt expiresAt userAgent }`
	const account = `customerAccount { id userName emailAddress firstName lastName ` +
		`attributes { fullyQualifiedName values } }`
	for _, test := range []struct{ name, query string }{
		{"ten aliases of all", aliases(10, sessions+account)},
		{
			"as much as is allowed",
			`{ currentShopper { ` + sessions + account + ` } a: currentShopper { sessions { id } ` + account + `} }`,
		},
		{"accounts under ten aliases", aliases(10, account)},
	} {
		if err := w.greedy(ctx, s, test.name, test.query, token); err != nil {
			return err
		}
	}

	return nil
}

func aliases(count int, selection string) string {
	var query strings.Builder
	for i := range count {
		fmt.Fprintf(&query, "a%d: currentShopper { %s } ", i, selection)
	}
	return "{ " + query.String() + "}"
}

// greedy measures refreshes alone, and while many clients repeat a query.
func (w *weather) greedy(ctx context.Context, s *server, name, query, token string) error {
	const long = 4 * time.Second
	alone, err := s.refreshes(ctx, long)
	if err != nil {
		return err
	}

	crowded, leave := context.WithCancel(ctx)
	defer leave()

	var group sync.WaitGroup
	var count, longest atomic.Int64
	request := s.request(query, token)

	for range greedyClients {
		group.Go(func() {
			for crowded.Err() == nil {
				repeat(crowded, s.address, request, func(size int64) {
					count.Add(1)
					longest.Store(max(longest.Load(), size))
				})
			}
		})
	}

	crowdedMedian, err := s.refreshes(ctx, long)
	leave()
	group.Wait()
	if err != nil {
		return err
	}

	w.note(name+": answer", float64(longest.Load())/1000, "kB")
	w.note(name+": answers", float64(count.Load())/long.Seconds(), "/s")
	w.note(name+": p50 of a refresh alone", alone.Seconds()*1000, "ms")
	w.note(name+": p50 of a refresh among 40 clients", crowdedMedian.Seconds()*1000, "ms")
	w.figure(name+": times slower", crowdedMedian.Seconds()/alone.Seconds(), mostTimesSlower, "")

	return nil
}

// repeat sends a request again and again on one connection. It reads the answers without looking at
// them, because the client takes processor time from the server.
func repeat(ctx context.Context, address string, request []byte, answered func(size int64)) {
	socket, err := (&net.Dialer{}).DialContext(ctx, "tcp", address)
	if err != nil {
		return
	}
	defer socket.Close() //nolint:errcheck // nothing can be lost

	defer context.AfterFunc(ctx, func() { _ = socket.Close() })()
	reader := bufio.NewReader(socket)
	for {
		if _, err := socket.Write(request); err != nil {
			return
		}

		size, err := skip(reader)
		if err != nil {
			return
		}

		answered(size)
	}
}

// skip reads an answer and returns the length of its body.
func skip(reader *bufio.Reader) (int64, error) {
	var size int64
	for {
		line, err := reader.ReadSlice('\n')
		if err != nil {
			return 0, err
		}
		if len(line) == len("\r\n") {
			_, err := io.CopyN(io.Discard, reader, size)
			return size, err
		}
		if value, ok := bytes.CutPrefix(line, []byte("Content-Length: ")); ok {
			if size, err = strconv.ParseInt(string(bytes.TrimSpace(value)), 10, 64); err != nil {
				return 0, err
			}
		}
	}
}

// refreshes returns the median time of a refresh, for one shopper after another.
func (s *server) refreshes(ctx context.Context, duration time.Duration) (time.Duration, error) {
	client := &http.Client{Transport: &http.Transport{}, Timeout: time.Minute}
	_, token, err := s.anonymous(ctx, client)
	if err != nil {
		return 0, err
	}

	var took []time.Duration
	for end := time.Now().Add(duration); time.Now().Before(end); {
		begin := time.Now()
		if _, token, err = s.refresh(ctx, client, token); err != nil {
			return 0, err
		}

		took = append(took, time.Since(begin))
		const pause = 2 * time.Millisecond // an honest shopper is in no hurry
		time.Sleep(pause)
	}

	slices.Sort(took)
	return took[len(took)/2], nil
}
