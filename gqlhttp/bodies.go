package gqlhttp

import (
	"bytes"
	"errors"
	"io"
	"sync"
	"sync/atomic"
)

// buffers keeps buffers for reuse, except large ones.
type buffers struct {
	most int
	pool sync.Pool
}

func (b *buffers) get() *bytes.Buffer {
	if buffer, ok := b.pool.Get().(*bytes.Buffer); ok {
		return buffer
	}
	return new(bytes.Buffer)
}

func (b *buffers) put(buffer *bytes.Buffer) {
	if buffer.Cap() <= b.most {
		buffer.Reset()
		b.pool.Put(buffer)
	}
}

const (
	// smallBody is how many bytes of a body are read without reserving room. Almost every honest
	// body is shorter.
	smallBody = 4 << 10
	// largestBodyKept is the largest buffer that is kept for another body. There can be many
	// unfinished bodies, so these buffers must be small.
	largestBodyKept = 8 << 10
	// largestAnswerKept is the largest buffer that is kept for another answer.
	largestAnswerKept = 64 << 10
	// roomForBodies is how many bytes all large bodies may take together while they are read.
	roomForBodies = 4 << 20
	// leastLargeBodies is how many large bodies can always be read at the same time, even with a
	// high body limit.
	leastLargeBodies = 4
)

// errNoRoom is returned for a large body while too many others are being read.
var errNoRoom = errors.New("too many large bodies at a time")

// bodies reads the bodies of requests. It bounds the memory for unfinished bodies: each connection
// has a small buffer, and all large bodies share the room.
type bodies struct {
	longest int64
	room    atomic.Int64
	small   buffers
}

func newBodies(longest int64) *bodies {
	b := &bodies{longest: longest, small: buffers{most: largestBodyKept}}
	b.room.Store(max(roomForBodies, leastLargeBodies*longest))
	return b
}

// read reads a body. The length is negative if it is unknown. The caller gives the buffer back with
// done.
func (b *bodies) read(from io.Reader, length int64) (*bytes.Buffer, error) {
	buffer := b.small.get()
	_, err := buffer.ReadFrom(io.LimitReader(from, smallBody))
	if err == nil && buffer.Len() == smallBody {
		err = b.readRest(buffer, from, length)
	}
	if err != nil {
		b.done(buffer)
		return nil, err
	}
	return buffer, nil
}

func (b *bodies) readRest(buffer *bytes.Buffer, from io.Reader, length int64) error {
	if b.room.Add(-b.longest) < 0 {
		b.room.Add(b.longest)
		return errNoRoom
	}
	defer b.room.Add(b.longest)

	if length > smallBody {
		buffer.Grow(int(length) - smallBody + bytes.MinRead) // growing step by step would take twice as much
	}
	_, err := buffer.ReadFrom(from)
	return err
}

func (b *bodies) done(buffer *bytes.Buffer) { b.small.put(buffer) }
