// Package logpipe keeps a log that nobody reads from holding up the program that writes it.
package logpipe

import (
	"bytes"
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/authtickets/authtickets/safely"
)

// most is how many bytes wait to be written. Lines beyond that are dropped.
const most = 1 << 20

// Pipe writes lines in the background. Its methods may be called at the same time from anywhere.
type Pipe struct {
	out io.Writer
	// wake has an entry while there is something to do.
	wake  chan struct{}
	ended chan struct{}

	mutex   sync.Mutex
	waiting []byte
	dropped int
	report  func(out io.Writer, dropped int)
	closed  bool
}

// Open returns a pipe to out, which may take a line as late as it likes, or never.
func Open(out io.Writer) *Pipe {
	p := &Pipe{
		out: out, wake: make(chan struct{}, 1), ended: make(chan struct{}),
		report: func(io.Writer, int) {},
	}
	go p.run()
	return p
}

// Report sets how the log says that lines were dropped. It is called when the log flows again.
func (p *Pipe) Report(report func(out io.Writer, dropped int)) {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	p.report = report
}

// Write implements io.Writer. It takes whole lines, never waits, and never fails.
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

// Close waits until everything is written, for at most the given time.
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
			spare = nil // it is the pipe's from now on
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

// next takes what waits, and leaves an empty buffer in its place. Its last line says how many lines
// were dropped, if any were. last says that nothing will follow.
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

// write reports whether lines were written, the last of which says how many were dropped before.
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
