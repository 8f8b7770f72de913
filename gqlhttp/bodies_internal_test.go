package gqlhttp

import (
	"fmt"
	"io"
	"strings"
	"testing"
)

// The memory of all large bodies together is bounded. Small bodies always find room.
func TestBodiesAreBounded(t *testing.T) {
	t.Parallel()
	const longest = 64 << 10
	b := newBodies(longest)
	most := int(roomForBodies / longest)
	large := strings.Repeat("x", longest)
	writers := make([]*io.PipeWriter, most)
	ended := make(chan error, most)
	for i := range most {
		var from *io.PipeReader
		from, writers[i] = io.Pipe()
		go func() {
			_, err := b.read(from, longest)
			ended <- err
		}()
		_, _ = io.WriteString(writers[i], large[:longest-1])
	}
	if _, err := b.read(strings.NewReader(large), longest); err != errNoRoom { //nolint:errorlint // it is not wrapped
		t.Errorf("one more: %v", err)
	}
	if _, err := b.read(strings.NewReader(large[:smallBody-1]), -1); err != nil {
		t.Errorf("a small one: %v", err)
	}
	for _, writer := range writers {
		_ = writer.Close()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	}
	for _, length := range []int64{-1, longest, 3} {
		body, err := b.read(strings.NewReader(large), length)
		if err != nil || body.String() != large {
			t.Errorf("afterwards, with length %d: %v", length, err)
		}
	}
	if fmt.Sprint(b.room.Load()) != fmt.Sprint(roomForBodies) {
		t.Errorf("%d bytes of room are left", b.room.Load())
	}
}
