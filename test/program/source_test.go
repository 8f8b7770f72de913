package program_test

import (
	"fmt"
	"testing"

	"github.com/authtickets/authtickets/models"
	"github.com/authtickets/authtickets/storage/storagetest"
)

// Clients cannot forge the address that guesses are counted for: X-Forwarded-For counts only if a
// trusted proxy wrote it. Otherwise no limit would work.
func TestForwardedFor(t *testing.T) {
	t.Parallel()

	s := newSite(t, storagetest.SQLite(t))
	direct, proxied := s.start(), s.start("--trusted-proxies=127.0.0.0/8,10.0.0.0/8")
	const limit = 5

	for name, test := range map[string]struct {
		server *server
		// forwarded returns the header of guess i. It may be empty.
		forwarded func(i int) string
		stops     bool
	}{
		"no proxy":          {direct, func(int) string { return "" }, true},
		"no proxy, made up": {direct, func(i int) string { return fmt.Sprintf("203.0.113.%d", i) }, true},
		"no proxy, made up, network": {
			direct, func(i int) string { return fmt.Sprintf("203.0.113.%d, 127.0.0.1", i) }, true,
		},
		"one hop":                {proxied, func(int) string { return "203.0.113.9" }, true},
		"one hop, many shoppers": {proxied, func(i int) string { return fmt.Sprintf("203.0.113.%d", i) }, false},
		"ports": {
			proxied, func(i int) string { return fmt.Sprintf("203.0.113.9:%d", 5678+i) }, true,
		},
		"ports, many shoppers": {
			proxied, func(i int) string { return fmt.Sprintf("203.0.113.%d:5678", i) }, false,
		},
		"several hops": {
			proxied, func(i int) string { return fmt.Sprintf("203.0.113.9, 10.0.0.%d,127.0.0.1", i) }, true,
		},
		"several hops, many": {
			proxied, func(i int) string { return fmt.Sprintf("203.0.113.%d, 10.0.0.1, 127.0.0.1", i) }, false,
		},
		"forged": {
			proxied, func(i int) string { return fmt.Sprintf("198.51.100.%d, 203.0.113.9", i) }, true,
		},
		"forged, a trusted one": {
			proxied,
			func(i int) string { return fmt.Sprintf("198.51.100.%d, 10.0.0.1, 203.0.113.9, 10.0.0.2", i) },
			true,
		},
		"nonsense": {
			proxied, func(i int) string { return fmt.Sprintf("198.51.100.%d, unknown", i) }, true,
		},
	} {
		s.customer(name, rightPassword)
		for i := range limit + 1 {
			var headers []string
			if forwarded := test.forwarded(i); forwarded != "" {
				headers = []string{"X-Forwarded-For", forwarded}
			}

			want := models.Reason("INVALID_CREDENTIALS")
			if i == limit && test.stops {
				want = "TOO_MANY_ATTEMPTS"
			}
			if got := test.server.ask(signInOperation(name, "wrong", ""), headers...); got.Reason() != want {
				t.Errorf("%s: guess %d is answered with %s", name, i+1, got.Text)
			}
		}
	}
}
