package web_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"testing"
	"testing/synctest"
	"time"

	"github.com/authtickets/authtickets/inbound"
	"github.com/authtickets/authtickets/web"
)

// countRecords returns how many records each level and message has, and how many records of it the
// reports count as left out.
func countRecords(t *testing.T, text *bytes.Buffer) (records, leftOut map[string]int) {
	t.Helper()
	records, leftOut = map[string]int{}, map[string]int{}
	decoder := json.NewDecoder(text)
	for decoder.More() {
		var record struct {
			Level, Msg, Message string
			Count               int
		}
		if err := decoder.Decode(&record); err != nil {
			t.Fatal(err)
		}
		kind := record.Level + " " + record.Msg
		records[kind]++
		if record.Msg == "records left out" {
			leftOut[record.Level+" "+record.Message] += record.Count
		}
	}
	return records, leftOut
}

func newLimitedLog(text *bytes.Buffer) (*slog.Logger, *web.LogLimit) {
	limit := web.NewLogLimit(slog.NewJSONHandler(text, &slog.HandlerOptions{Level: slog.LevelDebug}))
	return slog.New(inbound.LogHandler(limit)), limit
}

func TestLogLimitCountsWhatItLeavesOut(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var text bytes.Buffer
		log, _ := newLimitedLog(&text)
		named := log.With("of", "a session").WithGroup("group")
		const seconds = 3
		for range seconds {
			for i := range 1000 {
				log.WarnContext(t.Context(), "refresh token used again", "i", i)
				named.WarnContext(t.Context(), "refresh token used again", "i", i)
				log.DebugContext(t.Context(), "statement", "i", i)
			}
			log.ErrorContext(t.Context(), "refresh token used again")
			log.InfoContext(t.Context(), "something else")
			time.Sleep(time.Second)
			synctest.Wait()
		}

		records, leftOut := countRecords(t, &text)
		for kind, want := range map[string]int{
			"WARN refresh token used again":  seconds * 5,
			"WARN records left out":          seconds,
			"DEBUG statement":                seconds * 1000,
			"ERROR refresh token used again": seconds,
			"INFO something else":            seconds,
		} {
			if records[kind] != want {
				t.Errorf("%s: %d records, not %d", kind, records[kind], want)
			}
		}
		if got, want := leftOut["WARN refresh token used again"], seconds*(2000-5); got != want || len(leftOut) != 1 {
			t.Errorf("left out: %v, not %d", leftOut, want)
		}
	})
}

func TestLogLimitFlushes(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var text bytes.Buffer
		log, limit := newLimitedLog(&text)
		for range 9 {
			log.InfoContext(t.Context(), "sign-in refused")
		}
		limit.Flush()
		time.Sleep(2 * time.Second)
		synctest.Wait()

		if _, leftOut := countRecords(t, &text); leftOut["INFO sign-in refused"] != 4 {
			t.Errorf("left out: %v", leftOut)
		}
	})
}

// Not all messages are constant: the HTTP server logs some that contain what a client has sent.
func TestLogLimitBoundsTheKinds(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var text bytes.Buffer
		log, _ := newLimitedLog(&text)
		for i := range 10_000 {
			log.InfoContext(t.Context(), fmt.Sprint(i)) //nolint:sloglint // the test needs varying messages
		}
		time.Sleep(2 * time.Second)
		synctest.Wait()

		records, leftOut := countRecords(t, &text)
		total := leftOut["INFO other records"] + len(records) - 1
		if len(records) > 210 || total != 10_000 {
			t.Errorf("%d records, %v left out", len(records), leftOut)
		}
	})
}
