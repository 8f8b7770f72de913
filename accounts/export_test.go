package accounts

import (
	"errors"
	"io"
)

// Decode reads a whole import without writing anything, and calls each with every row.
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
