package access

import (
	"context"
	"errors"
	"log/slog"

	"github.com/authtickets/authtickets/models"
)

// ActDone is the log message of an act that succeeded. A limit on logging must not drop these
// records.
const ActDone = "act done"

// ActKey is the key of the act's name, which is the first attribute of its record.
const ActKey = "act"

// The outcomes of an act that are not a reason.
const (
	done   = "done"
	failed = "failed"
)

// write writes the record of an act, unless the entry was dropped.
func (d *Desk) write(ctx context.Context, act string, entry *Entry, err error) {
	if entry.isDropped {
		return
	}
	outcome := outcomeOf(err)
	attributes := append([]slog.Attr{slog.String(ActKey, act)}, entry.attributes(outcome)...)

	switch outcome {
	case done:
		d.Log.LogAttrs(ctx, slog.LevelInfo, ActDone, attributes...)
	case failed:
		d.Log.LogAttrs(ctx, slog.LevelWarn, "act failed", attributes...)
	default:
		d.Log.LogAttrs(ctx, slog.LevelInfo, "act refused", attributes...)
	}
}

// outcomeOf returns "done", the reason that the client gets, or "failed". The text of an error is
// not recorded, because it could contain a secret.
func outcomeOf(err error) string {
	var forClient *models.Error
	switch {
	case err == nil:
		return done
	case errors.As(err, &forClient):
		return string(forClient.Reason)
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, context.Canceled):
		return string(models.ReasonTimedOut)
	default:
		return failed
	}
}

// attributes returns what the entry says, without fields that are zero.
func (e *Entry) attributes(outcome string) []slog.Attr {
	attributes := make([]slog.Attr, 0, 6+len(e.Counts))
	text := func(key, value string) {
		if value != "" {
			attributes = append(attributes, slog.String(key, value))
		}
	}
	id := func(key string, value models.ID) {
		if value != (models.ID{}) {
			attributes = append(attributes, slog.String(key, value.String()))
		}
	}

	text("by", e.By)
	id("user", e.User)
	id("session", e.Session)
	text("application", e.Application)
	text("keyset", e.Keyset)
	if !e.UsedFrom.IsZero() {
		attributes = append(attributes, slog.Time("usedFrom", e.UsedFrom))
	}
	text("source", e.Source)
	text("outcome", outcome)
	for _, count := range e.Counts {
		attributes = append(attributes, slog.Int(count.Name, count.Number))
	}
	return attributes
}
