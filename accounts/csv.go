package accounts

import (
	"bufio"
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// csvDecoder reads records from rows of CSV (RFC 4180). An empty cell does not give its field.
type csvDecoder struct {
	rows   *rowReader
	header []*Field
	reader *csv.Reader
	// buffer is what the reader reads from. It is set to each row in turn.
	buffer *bufio.Reader
}

// newCSVDecoder reads the header, which has the names of fields. Its errors quote nothing else: if
// the header is missing, the first row may have passwords.
func newCSVDecoder(rows *rowReader) (*csvDecoder, error) {
	rows.quoted = true
	d := &csvDecoder{rows: rows, buffer: bufio.NewReader(nil)}
	d.reader = csv.NewReader(d.buffer)

	row, err := rows.next()
	if err != nil {
		return nil, err
	}
	names, err := d.cells(row)
	if err != nil {
		return nil, err
	}

	for i, name := range names {
		name = strings.TrimSpace(name)
		field := FieldNamed(name)
		if field == nil {
			return nil, fmt.Errorf("the header has no field of the schema's CustomerAccount in column %d", i+1)
		}
		if slices.Contains(d.header, field) {
			return nil, fmt.Errorf("the header has %s twice", name)
		}
		d.header = append(d.header, field)
	}
	return d, nil
}

// decode reads a record from a row.
func (d *csvDecoder) decode(row []byte) (*Record, error) {
	cells, err := d.cells(row)
	if err != nil {
		return nil, err
	}

	var record Record
	for i, cell := range cells {
		if cell == "" {
			continue
		}
		if err := record.setText(d.header[i], cell); err != nil {
			return nil, err
		}
	}
	return &record, nil
}

func (d *csvDecoder) cells(row []byte) ([]string, error) {
	d.buffer.Reset(bytes.NewReader(row))
	cells, err := d.reader.Read()

	switch {
	case err == nil:
		return cells, nil
	case errors.Is(err, csv.ErrFieldCount):
		err = refused("the row has %d columns, and the header has %d", len(cells), len(d.header))
	default:
		err = refused("the row is not CSV: is a quote not closed, or inside a cell not doubled?")
	}

	d.rows.takeLine() // a wrong quote may have made several rows look like one
	return nil, err
}
