package web

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"github.com/authtickets/authtickets/access"
	"github.com/authtickets/authtickets/safely"
)

// LogLimit is a log handler that limits records. It passes on a few records of each kind per
// second, and then reports how many more there were. Two records are of the same kind if they have
// the same level and message and, in the record of acts, the same act. Strangers can cause records
// as fast as they can send requests. Without a limit they could fill the disk and hide what
// matters. Records at the debug level are not limited. Acts that were done are not limited either,
// because they need a password or a right.
type LogLimit struct {
	slog.Handler

	kinds *logKinds
}

// How many records are passed on.
const (
	recordsOfAKind = 5
	logWindow      = time.Second
	// mostKinds is how many kinds are counted separately. Our messages are constant, but libraries
	// log too.
	mostKinds = 200
)

// NewLogLimit returns a handler that limits the records for next.
func NewLogLimit(next slog.Handler) *LogLimit {
	return &LogLimit{next, &logKinds{next: next, counts: map[logKind]int{}}}
}

// Handle implements slog.Handler.
func (l *LogLimit) Handle(ctx context.Context, record slog.Record) error {
	isFree := record.Level < slog.LevelInfo || record.Message == access.ActDone || ctx.Value(wholeLogKey{}) != nil
	//nolint:contextcheck // a summary belongs to no request
	if !isFree && !l.kinds.admit(kindOf(record)) {
		return nil
	}
	return l.Handler.Handle(ctx, record)
}

// WithAttrs implements slog.Handler.
func (l *LogLimit) WithAttrs(attrs []slog.Attr) slog.Handler {
	return &LogLimit{l.Handler.WithAttrs(attrs), l.kinds}
}

// WithGroup implements slog.Handler.
func (l *LogLimit) WithGroup(name string) slog.Handler {
	return &LogLimit{l.Handler.WithGroup(name), l.kinds}
}

// Flush reports at once how many records were left out so far. Call it before the program ends.
func (l *LogLimit) Flush() { l.kinds.closeAll() }

type wholeLogKey struct{}

// wholeLog returns a context whose records are not limited. Use it for lists of bounded length.
func wholeLog(ctx context.Context) context.Context {
	return context.WithValue(ctx, wholeLogKey{}, true)
}

type logKind struct {
	level   slog.Level
	message string
}

func kindOf(record slog.Record) logKind {
	kind := logKind{record.Level, record.Message}
	record.Attrs(func(first slog.Attr) bool {
		if first.Key == access.ActKey {
			kind.message += ": " + first.Value.String()
		}
		return false
	})
	return kind
}

// logKinds counts the records of each kind in its current window. A window starts with its first
// record.
type logKinds struct {
	next   slog.Handler
	mutex  sync.Mutex
	counts map[logKind]int
}

// admit counts a record, and reports whether to pass it on.
func (k *logKinds) admit(kind logKind) bool {
	k.mutex.Lock()
	defer k.mutex.Unlock()
	if _, isOpen := k.counts[kind]; !isOpen && len(k.counts) >= mostKinds {
		kind.message = "other records"
	}

	if _, isOpen := k.counts[kind]; !isOpen {
		time.AfterFunc(logWindow, func() {
			_ = safely.Do(func() error { return k.close(kind) }) // nowhere to report it
		})
	}

	k.counts[kind]++
	return k.counts[kind] <= recordsOfAKind
}

// close ends the window of a kind.
func (k *logKinds) close(kind logKind) error {
	k.mutex.Lock()
	count := k.counts[kind]
	delete(k.counts, kind)
	k.mutex.Unlock()

	return k.report(kind, count-recordsOfAKind)
}

func (k *logKinds) closeAll() {
	k.mutex.Lock()
	counts := k.counts
	k.counts = map[logKind]int{}
	k.mutex.Unlock()

	for kind, count := range counts {
		_ = k.report(kind, count-recordsOfAKind) // nowhere to report it
	}
}

// report logs how many records of a kind were left out. The report has their level, so that a
// search for them finds it.
func (k *logKinds) report(kind logKind, leftOut int) error {
	if leftOut <= 0 {
		return nil
	}

	record := slog.NewRecord(time.Now(), kind.level, "records left out", 0) //nolint:forbidigo // the time of the record
	record.AddAttrs(slog.String("message", kind.message), slog.Int("count", leftOut))
	return k.next.Handle(context.Background(), record)
}
