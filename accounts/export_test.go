package accounts

import (
	"errors"
	"io"
)

// Decode decodes a whole import without a book to write to, and calls each with every row.
func Decode(in io.Reader, format Format, each func(line int, record *Record, refusal error)) error {
	rows, decode, err := open(in, format)
	for err == nil {
		next := readBatch(rows, decode)
		for _, row := range next.rows {
			each(row.line, row.record, row.refusal)
		}
		err = next.end
	}
	if errors.Is(err, io.EOF) {
		return nil
	}
	return err
}
