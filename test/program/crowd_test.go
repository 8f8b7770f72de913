package program_test

import (
	"fmt"
	"io"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/authtickets/authtickets/storage/storagetest"
)

// Idle connections make room for busy ones.
func TestIdleConnectionsLockNobodyOut(t *testing.T) {
	t.Parallel()

	s := newSite(t, storagetest.SQLite(t))
	server := s.start("--connection-limit=8")
	for range 40 {
		idle := server.dial()
		_, err := io.WriteString(idle, "GET /livez HTTP/1.1\r\nHost: x\r\n\r\n")
		must(t, err)
	}

	const moment = 300 * time.Millisecond // after which idle connections may be closed
	time.Sleep(moment)
	for range 5 {
		begin := time.Now()
		server.client.CloseIdleConnections()
		got, err := server.try(soon(t), anonymousOperation())
		if took := time.Since(begin); err != nil || got.Status != http.StatusOK || took > time.Second {
			t.Errorf("%v %d after %s", err, got.Status, took)
		}
	}

	eventually(t, "the limit is logged", func() bool { return server.stderr.count("connection limit reached") == 1 })
}

// Strangers cannot make the log grow without limit, and every record that is left out is counted.
func TestLogIsBounded(t *testing.T) {
	t.Parallel()

	const pages = 40
	s := newSite(t, storagetest.SQLite(t))
	server := s.start("--log-format=text", "--log-level=info")

	for i := range pages {
		request, err := http.NewRequestWithContext(soon(t), http.MethodOptions, server.url+"/graphql", http.NoBody)
		must(t, err)
		request.Header.Set("Origin", fmt.Sprintf("https://%d.example", i))
		request.Header.Set("Access-Control-Request-Method", http.MethodPost)
		response, err := server.client.Do(request)
		must(t, err)
		must(t, response.Body.Close())
	}

	const message = "page refused: its origin is neither in --origins nor the server's own"
	eventually(t, "every page is counted", func() bool { return server.stderr.countAll(message) == pages })
	if written := server.stderr.count(message); written >= pages {
		t.Errorf("%d lines", written)
	}
}

var leftOut = regexp.MustCompile(`\bcount"?[=:](\d+)`)

// countAll returns the number of records with a message, including those that the log only counts.
func (o *output) countAll(message string) int {
	count := 0
	for line := range strings.Lines(o.String()) {
		switch {
		case !strings.Contains(line, message):
		case !strings.Contains(line, "records left out"):
			count++
		default:
			more, _ := strconv.Atoi(leftOut.FindStringSubmatch(line)[1])
			count += more
		}
	}

	return count
}
