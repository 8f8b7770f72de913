// Package logpipe writes log lines in the background, so that a reader that hangs cannot stop the
// program.
package logpipe

import (
	"bytes"
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/authtickets/authtickets/safely"
)

// most is how many bytes may wait to be written. Further lines are dropped.
const most = 1 << 20

// Pipe writes lines in the background. Its methods are safe for concurrent use.
type Pipe struct {
	out io.Writer
	// wake has an entry while there is work to do.
	wake  chan struct{}
	ended chan struct{}

	mutex   sync.Mutex
	waiting []byte
	dropped int
	report  func(out io.Writer, dropped int)
	closed  bool
}

// Open returns a pipe that writes to out. A write to out may take any time, or never return.
func Open(out io.Writer) *Pipe {
	p := &Pipe{
		out:    out,
		wake:   make(chan struct{}, 1),
		ended:  make(chan struct{}),
		report: func(io.Writer, int) {},
	}
	go p.run()
	return p
}

// Report sets the function that logs how many lines were dropped. It is called when out accepts
// lines again.
func (p *Pipe) Report(report func(out io.Writer, dropped int)) {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	p.report = report
}

// Write implements io.Writer. It expects whole lines, never waits, and never fails.
func (p *Pipe) Write(lines []byte) (int, error) {
	p.mutex.Lock()
	defer p.mutex.Unlock()

	if p.closed || len(p.waiting)+len(lines) > most {
		p.dropped += countLines(lines)
		return len(lines), nil
	}

	p.waiting = append(p.waiting, lines...)
	p.awake()
	return len(lines), nil
}

// Close waits until everything is written, but at most for patience.
func (p *Pipe) Close(patience time.Duration) {
	p.mutex.Lock()
	p.closed = true
	p.awake()
	p.mutex.Unlock()

	select {
	case <-p.ended:
	case <-time.After(patience):
	}
}

func (p *Pipe) awake() {
	select {
	case p.wake <- struct{}{}:
	default:
	}
}

// run writes pending lines until the pipe is closed and empty.
func (p *Pipe) run() {
	defer close(p.ended)
	var spare []byte
	for range p.wake {
		for {
			lines, dropped, last := p.next(spare)
			spare = nil // the pipe owns it now
			if len(lines) > 0 && p.write(lines, dropped) {
				spare = lines
				continue
			}
			if last {
				return
			}
			break
		}
	}
}

// next returns the waiting lines and leaves an empty buffer in their place. dropped counts the
// lines that did not fit; if there are any, the last returned line reports them. last is true when
// nothing will follow.
func (p *Pipe) next(empty []byte) (lines []byte, dropped int, last bool) {
	p.mutex.Lock()
	defer p.mutex.Unlock()

	lines, p.waiting = p.waiting, empty[:0]
	dropped, p.dropped = p.dropped, 0
	if dropped > 0 {
		text := bytes.NewBuffer(lines)
		if err := safely.Do(func() error { p.report(text, dropped); return nil }); err != nil {
			_, _ = fmt.Fprintln(text, err)
		}

		lines = text.Bytes()
	}

	return lines, dropped, p.closed
}

// write writes lines and returns whether that succeeded. If dropped is not 0, the last line reports
// lines that were dropped before. If writing fails, these are counted as dropped again.
func (p *Pipe) write(lines []byte, dropped int) bool {
	written := 0
	err := safely.Do(func() (err error) {
		written, err = p.out.Write(lines)
		return err
	})
	if err == nil {
		return true
	}

	lost := countLines(lines[written:])
	if dropped > 0 {
		lost += dropped - 1
	}

	p.mutex.Lock()
	defer p.mutex.Unlock()

	p.dropped += lost
	return false
}

func countLines(text []byte) int { return bytes.Count(text, []byte("\n")) }
