package logpipe_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/authtickets/authtickets/logpipe"
)

// reader accepts writes while its gate is open.
type reader struct {
	gate chan struct{}
	text bytes.Buffer
	err  error
	// panics makes each write panic.
	panics bool
}

func newReader() *reader { return &reader{gate: make(chan struct{}, 1)} }

func (r *reader) close() { r.gate <- struct{}{} }

func (r *reader) open() { <-r.gate }

func (r *reader) Write(text []byte) (int, error) {
	r.close()
	defer r.open()

	if r.panics {
		panic("nobody is there")
	}
	if r.err != nil {
		return 0, r.err
	}

	return r.text.Write(text)
}

func report(out io.Writer, dropped int) { fmt.Fprintf(out, "%d dropped\n", dropped) }

// The waiting lines are bounded, dropped lines are counted, and no writer waits.
func TestNobodyReads(t *testing.T) {
	t.Parallel()

	synctest.Test(t, func(t *testing.T) {
		r := newReader()
		p := logpipe.Open(r)
		p.Report(report)
		r.close()
		const lines = 40_000
		text := strings.Repeat("x", 99) + "\n"

		for range lines {
			if n, err := io.WriteString(p, text); n != len(text) || err != nil {
				t.Fatalf("got %d, %v", n, err)
			}
		}

		r.open()
		p.Close(time.Second)

		kept := strings.Count(r.text.String(), text)
		if want := fmt.Sprintf("%d dropped\n", lines-kept); !strings.HasSuffix(r.text.String(), want) {
			t.Errorf("kept %d, want %q at the end", kept, want)
		}
		if kept < 10_000 || kept > 25_000 {
			t.Errorf("kept %d lines", kept)
		}
	})
}

// Close gives up when the reader never returns.
func TestCloseGivesUp(t *testing.T) {
	t.Parallel()

	synctest.Test(t, func(t *testing.T) {
		r := newReader()
		p := logpipe.Open(r)
		r.close()
		_, _ = io.WriteString(p, "line\n")
		began := time.Now()
		p.Close(time.Second)
		if took := time.Since(began); took != time.Second {
			t.Errorf("it took %s", took)
		}

		r.open()
	})
}

// Lines that cannot be written are counted as well.
func TestWriteFails(t *testing.T) {
	t.Parallel()

	synctest.Test(t, func(t *testing.T) {
		r := newReader()
		r.err = errors.New("broken pipe")
		p := logpipe.Open(r)
		p.Report(report)
		_, _ = io.WriteString(p, "one\ntwo\n")
		synctest.Wait()
		r.close()
		r.err = nil
		r.open()
		_, _ = io.WriteString(p, "three\n")
		p.Close(time.Second)
		if got := r.text.String(); got != "three\n2 dropped\n" {
			t.Errorf("got %q", got)
		}
	})
}

// A panic in the reader or in the report loses lines. It stops neither the pipe nor the program.
func TestPanics(t *testing.T) {
	t.Parallel()

	synctest.Test(t, func(t *testing.T) {
		r := newReader()
		r.panics = true
		p := logpipe.Open(r)
		p.Report(func(io.Writer, int) { panic("no report") })
		_, _ = io.WriteString(p, "one\n")
		synctest.Wait()
		r.close()
		r.panics = false
		r.open()
		_, _ = io.WriteString(p, "two\n")
		p.Close(time.Second)
		if got := r.text.String(); !strings.HasPrefix(got, "two\npanic: no report\n") {
			t.Errorf("got %q", got)
		}
	})
}

// A slow reader gets each line exactly as it was written, although the pipe reuses its buffers.
func TestLinesStayWhole(t *testing.T) {
	t.Parallel()

	out := &slow{}
	pipe := logpipe.Open(out)
	var want strings.Builder

	for i := range 2000 {
		line := strings.Repeat(string(rune('a'+i%26)), 1+i%80) + "\n"
		want.WriteString(line)
		_, _ = io.WriteString(pipe, line)
		if i%7 == 0 {
			time.Sleep(3 * time.Millisecond)
		}
	}

	pipe.Close(10 * time.Second)
	if out.text.String() != want.String() {
		t.Error("the lines are not those that were written")
	}
}

// slow copies one byte at a time, like a terminal.
type slow struct{ text strings.Builder }

func (s *slow) Write(lines []byte) (int, error) {
	for i := range lines {
		s.text.WriteByte(lines[i])
		if i%16 == 0 {
			time.Sleep(time.Microsecond)
		}
	}

	return len(lines), nil
}
