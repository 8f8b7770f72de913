package keyring_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/authtickets/authtickets/access"
	"github.com/authtickets/authtickets/keyring"
	"github.com/authtickets/authtickets/models"
)

// recorded returns the one line that was logged since the last call, without its time.
func recorded(t *testing.T, log *bytes.Buffer) string {
	t.Helper()
	line, more, _ := strings.Cut(log.String(), "\n")
	if more != "" {
		t.Errorf("more than one line: %s", log)
	}

	log.Reset()
	_, line, _ = strings.Cut(line, " ")
	return line
}

// Only an operator and the server can change or list keysets, and each change is recorded.
func TestActs(t *testing.T) {
	t.Parallel()

	onEach(t, func(t *testing.T, s *site) {
		_, master := keyFile(t)
		_, next := keyFile(t)
		r := s.load(master)
		var log bytes.Buffer
		r.Desk = &access.Desk{
			Allows: func(*access.Caller, access.Right) (string, error) { return "shop", nil }, // every right
			Log:    slog.New(slog.NewTextHandler(&log, nil)),
		}

		for _, step := range []struct {
			act, done string
			do        func(ctx context.Context, caller *access.Caller) error
		}{
			{
				"keyset.rotate", `keyset="seal 2" usedFrom=2026-11-24T09:31:00.123Z outcome=done`,
				func(ctx context.Context, caller *access.Caller) error {
					return second(r.Rotate(ctx, caller, models.SealKeys, time.Minute))
				},
			},
			{
				"keyset.retire", `keyset="seal 1" outcome=done`,
				func(ctx context.Context, caller *access.Caller) error {
					s.clock.Pass(time.Minute)
					return r.Retire(ctx, caller, models.SealKeys, 1)
				},
			},
			{
				"keyset.change-master", `outcome=done keysets=2`,
				func(ctx context.Context, caller *access.Caller) error {
					return second(r.ChangeMaster(ctx, caller, next))
				},
			},
			{
				"keyset.read", "",
				func(ctx context.Context, caller *access.Caller) error { return second(r.List(ctx, caller)) },
			},
			{
				"keyset.read", "",
				func(ctx context.Context, caller *access.Caller) error {
					return second(r.Find(ctx, caller, models.SealKeys, 2))
				},
			},
		} {
			err := step.do(t.Context(), &access.Caller{Application: "shop"})
			want := `level=INFO msg="act refused" act=` + step.act + ` outcome=BEHAVIOR_MISSING`
			if got := recorded(t, &log); !errors.Is(err, &models.Error{Reason: models.ReasonBehaviorMissing}) ||
				got != want {
				t.Errorf("%v\ngot  %s\nwant %s", err, got, want)
			}

			must(t, step.do(t.Context(), access.Operator()))
			want = ""
			if step.done != "" {
				want = `level=INFO msg="act done" act=` + step.act + ` by=operator ` + step.done
			}
			if got := recorded(t, &log); got != want {
				t.Errorf("got  %s\nwant %s", got, want)
			}
		}

		if err := r.Retire(t.Context(), access.Operator(), models.SealKeys, 2); !errors.Is(err, keyring.ErrNeeded) {
			t.Error(err)
		}

		const want = `level=WARN msg="act failed" act=keyset.retire by=operator keyset="seal 2" outcome=failed`
		if got := recorded(t, &log); got != want {
			t.Errorf("got  %s\nwant %s", got, want)
		}
	})
}

// What the server does itself is recorded as its own act.
func TestActsOfTheServer(t *testing.T) {
	t.Parallel()

	onEach(t, func(t *testing.T, s *site) {
		_, master := keyFile(t)
		r := s.load(master)
		var log bytes.Buffer
		r.Desk = &access.Desk{Log: slog.New(slog.NewTextHandler(&log, nil))}
		s.clock.Pass(48 * time.Hour)
		rotated, err := r.RotateIfDue(t.Context(), 24*time.Hour)
		must(t, err)
		if got := strings.Count(log.String(), "act=keyset.rotate by=server"); got != 2 || len(rotated) != 2 {
			t.Errorf("%d of %d: %s", got, len(rotated), &log)
		}
	})
}
