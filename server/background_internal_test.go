package server

import (
	"bytes"
	"context"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/authtickets/authtickets/command"
)

// Background work that panics is logged, and is tried again the next time. Other work goes on.
func TestBackgroundPanics(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ctx, stop := context.WithCancel(t.Context())
		var logged bytes.Buffer
		env := &command.Environment{Context: ctx, Log: slog.New(slog.NewTextHandler(&logged, nil))}
		var followed, done, others int
		var group sync.WaitGroup
		group.Go(func() {
			follow(env, "sessions", time.Second, func(context.Context) error {
				followed++
				if followed <= 3 {
					panic("first")
				}
				return nil
			})
		})
		group.Go(func() {
			every(env, time.Second,
				chore{"first chore", func() error { done++; panic("second") }},
				chore{"second chore", func() error { others++; return nil }})
		})
		time.Sleep(5*time.Second + time.Millisecond)
		stop()
		group.Wait()

		if followed != 5 || done != 6 || others != 6 {
			t.Errorf("followed %d times, done %d times, others %d times", followed, done, others)
		}
		for text, want := range map[string]int{
			"changes cannot be followed": 1, "panic: first": 1, "changes are followed again": 1, "panic: second": 6,
			"background_internal_test.go": 7,
		} {
			lines := 0
			for line := range strings.Lines(logged.String()) {
				if strings.Contains(line, text) {
					lines++
				}
			}
			if lines != want {
				t.Errorf("%q is in %d lines, not in %d:\n%s", text, lines, want, logged.String())
			}
		}
	})
}
