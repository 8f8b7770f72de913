package accounts

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
)

// maxRow is the longest row of an import, in bytes.
const maxRow = 1 << 20

// rowReader reads a text of any length row by row. It keeps one row in memory.
type rowReader struct {
	in *bufio.Reader
	// line is the number of the line on which the last row began.
	line int
	// taken is the length of the last row and its line end, which are still in the buffer.
	taken int
	// quoted means that a line end inside double quotes belongs to the row, as in CSV.
	quoted bool
}

// newRowReader reads plain text or gzip, which it detects by the first bytes. It skips a byte order
// mark.
func newRowReader(in io.Reader) (*rowReader, error) {
	compressed := bufio.NewReader(in)
	if magic, _ := compressed.Peek(2); string(magic) == "\x1f\x8b" {
		plain, err := gzip.NewReader(compressed)
		if err != nil {
			return nil, fmt.Errorf("read gzip: %w", err)
		}
		in = plain
	} else {
		in = compressed
	}

	r := &rowReader{in: bufio.NewReaderSize(in, maxRow+len("\r\n")), line: 1}
	if mark, _ := r.in.Peek(3); string(mark) == "\ufeff" {
		r.taken = len(mark)
	}
	return r, nil
}

// first returns the first byte that is not blank, without consuming it. The error is io.EOF if
// there is none.
func (r *rowReader) first() (byte, error) {
	r.advance()

	for {
		b, err := r.in.ReadByte()
		switch {
		case err != nil:
			return 0, err
		case b == '\n':
			r.line++
		case b != ' ' && b != '\t' && b != '\r':
			return b, r.in.UnreadByte()
		}
	}
}

// next returns the next row without its line end. The row is valid until the next call. The error
// is io.EOF at the end, and a RefusedError for a row that is too long. After that, reading can
// continue.
func (r *rowReader) next() ([]byte, error) {
	r.advance()
	end, open := 0, false

	for {
		start := end
		var err error
		end, err = r.lineEnd(start)
		row, _ := r.in.Peek(end)
		if r.quoted && bytes.Count(row[start:], []byte{'"'})%2 == 1 {
			open = !open
		}

		switch {
		case err == nil && open:
		case err == nil, errors.Is(err, io.EOF) && end > 0:
			r.taken = end
			return bytes.TrimRight(row, "\r\n"), nil
		case errors.Is(err, bufio.ErrBufferFull):
			return nil, r.skip()
		default:
			return nil, err
		}
	}
}

// lineEnd returns where the line that begins at an offset in the buffer ends. With an error, it
// returns where the buffer ends.
func (r *rowReader) lineEnd(start int) (int, error) {
	for {
		window, err := r.in.Peek(max(start+1, r.in.Buffered()))
		if length := bytes.IndexByte(window[start:], '\n') + 1; length > 0 {
			return start + length, nil
		}

		if start = len(window); err != nil {
			return start, err
		}
	}
}

// skip skips the first line of a row that is too long.
func (r *rowReader) skip() error {
	r.taken = r.in.Buffered()
	if r.takeLine() {
		return refused("the row is longer than %d MiB: is a quote not closed?", maxRow>>20)
	}

	for {
		_, err := r.in.ReadSlice('\n')
		switch {
		case err == nil:
			r.taken = 1
			_ = r.in.UnreadByte() // so that advance counts the line
		case errors.Is(err, bufio.ErrBufferFull):
			continue
		case !errors.Is(err, io.EOF):
			return err
		}
		return refused("the row is longer than %d MiB", maxRow>>20)
	}
}

// takeLine shortens the last row to its first line, so that the next row begins on the second line.
// It reports whether the first line is complete.
func (r *rowReader) takeLine() bool {
	row, _ := r.in.Peek(r.taken)
	length := bytes.IndexByte(row, '\n') + 1

	if length > 0 {
		r.taken = length
	}
	return length > 0
}

// advance discards the last row.
func (r *rowReader) advance() {
	row, _ := r.in.Peek(r.taken)
	r.line += bytes.Count(row, []byte{'\n'})
	_, _ = r.in.Discard(r.taken)
	r.taken = 0
}
