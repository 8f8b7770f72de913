package accounts

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/authtickets/authtickets/access"
	"github.com/authtickets/authtickets/safely"
)

// Format is the format of an import's rows.
type Format string

// The formats.
const (
	// JSONLines has an object on each line, with fields of the schema's CustomerAccount, and
	// password or passwordHash. null clears a field.
	JSONLines Format = "jsonl"
	// CSV has a header with the names of the same fields. An empty cell leaves a field as it is.
	// Attributes are a JSON list in one cell.
	CSV Format = "csv"
)

// ImportOptions say how an import is done.
type ImportOptions struct {
	// Format may be empty. Then the first byte decides: JSON Lines begin with {.
	Format Format
	// KeepPasswords keeps the passwords of accounts that have one.
	KeepPasswords bool
	// Adopt lets a row give its externalId to the account that has its userName and no externalId.
	Adopt bool
	// DryRun checks everything and writes nothing. Two results can differ from those of the import.
	// A name that an earlier row gives up may count as taken. A later row with the same externalId
	// may count as an update although it changes nothing.
	DryRun bool
	// Refused is called for every refused row, in order. Required.
	Refused func(line int, reason error)
	// Progress is called after every batch. Required.
	Progress func(Counts)
}

// Counts says how many rows there were so far, by their result.
type Counts struct {
	Read, Created, Updated, Unchanged, Refused int
}

const (
	// batchRows is how many rows a batch has at most.
	batchRows = 500
	// batchSize is the size, in bytes, at which a batch ends.
	batchSize = 1 << 20
)

// Import creates and updates accounts from a file of any length, in batches. The text is UTF-8, and
// may be compressed with gzip. If a row is refused, the others are still written. Each batch is
// final: after an interruption, run the import again.
//
// A second row about an account is refused, unless both rows have the same externalId. A row with a
// new externalId and the userName of an account that exists is refused, unless Adopt is set.
//
// If ctx ends, the file cannot be read or the database fails, it returns the counts so far with the
// error. A call of in.Read may then still be waiting.
func (b *Book) Import(
	ctx context.Context, caller *access.Caller, in io.Reader, options ImportOptions,
) (Counts, error) {
	act := access.Act{Name: "account.import", Needs: access.ManageAccounts()}
	return access.Do(ctx, b.Desk, caller, act, func(entry *access.Entry) (Counts, error) {
		counts, err := b.importAll(ctx, in, options)
		entry.Counts = counts.recorded()
		if options.DryRun {
			entry.Drop()
		}
		return counts, err
	})
}

// recorded returns the counts for the record of acts.
func (c Counts) recorded() []access.Count {
	return []access.Count{
		{Name: "read", Number: c.Read},
		{Name: "created", Number: c.Created},
		{Name: "updated", Number: c.Updated},
		{Name: "unchanged", Number: c.Unchanged},
		{Name: "refused", Number: c.Refused},
	}
}

// importAll is Import without the check of the caller.
func (b *Book) importAll(ctx context.Context, in io.Reader, options ImportOptions) (Counts, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()

	batches := make(chan batch) // while one is written, the next one is read
	go readSafely(ctx, in, options.Format, batches)

	var counts Counts
	index := newFileIndex()
	for {
		select {
		case <-ctx.Done():
			return counts, ctx.Err()
		case next := <-batches:
			if err := b.importBatch(ctx, next.rows, options, index, &counts); err != nil {
				return counts, err
			}
			options.Progress(counts)

			if errors.Is(next.end, io.EOF) {
				return counts, nil
			}
			if next.end != nil {
				return counts, fmt.Errorf("read the import: %w", next.end)
			}
		}
	}
}

// importBatch writes the rows that are not refused, and reports the others.
func (b *Book) importBatch(
	ctx context.Context, rows []row, options ImportOptions, index *fileIndex, counts *Counts,
) error {
	records := make([]*Record, 0, len(rows))
	place := place{earlier: index}
	if !options.DryRun { // a dry run must look first, to refuse rows for the same reasons
		// If all accounts were new so far, the next ones probably are, too.
		place.allNew = counts.Created > 0 && counts.Created+counts.Refused == counts.Read
	}
	for _, row := range rows {
		if row.refusal == nil {
			records, place.lines = append(records, row.record), append(place.lines, row.line)
		}
	}

	outcomes, err := b.write(ctx, records, writeOptions{
		keepPasswords: options.KeepPasswords,
		adopt:         options.Adopt,
		dryRun:        options.DryRun,
	}, place)
	if err != nil {
		return err
	}

	for _, row := range rows {
		became := outcome{result: wasRefused, refusal: row.refusal}
		if row.refusal == nil {
			became, outcomes = outcomes[0], outcomes[1:]
		}
		counts.add(became.result)
		if became.result == wasRefused {
			options.Refused(row.line, became.refusal)
		}
	}
	return nil
}

func (c *Counts) add(result result) {
	c.Read++

	switch result {
	case wasCreated:
		c.Created++
	case wasUpdated:
		c.Updated++
	case wasUnchanged:
		c.Unchanged++
	case wasRefused:
		c.Refused++
	}
}

// row is a row of a file: its record, or why it was refused.
type row struct {
	line    int
	record  *Record
	refusal error
}

// batch is a number of successive rows.
type batch struct {
	rows []row
	// end is why no more rows follow: io.EOF at the end of the file. It is nil if more follow.
	end error
}

// readSafely calls read. If read panics, the file ends with an error.
func readSafely(ctx context.Context, in io.Reader, format Format, batches chan<- batch) {
	err := safely.Do(func() error {
		read(ctx, in, format, batches)
		return nil
	})
	if err == nil {
		return
	}

	select {
	case <-ctx.Done():
	case batches <- batch{end: err}:
	}
}

func read(ctx context.Context, in io.Reader, format Format, batches chan<- batch) {
	rows, decode, err := open(in, format)
	for {
		next := batch{end: err}
		if err == nil {
			next = readBatch(rows, decode)
		}

		select {
		case <-ctx.Done():
			return
		case batches <- next:
		}
		if next.end != nil {
			return
		}
	}
}

type decoder func(row []byte) (*Record, error)

func open(in io.Reader, format Format) (*rowReader, decoder, error) {
	rows, err := newRowReader(in)
	if err != nil {
		return nil, nil, err
	}

	first, err := rows.first()
	switch {
	case err != nil:
		return nil, nil, err
	case format == JSONLines, format == "" && first == '{':
		return rows, decodeJSON, nil
	case format == "" && first == '[':
		return nil, nil, errors.New("it is a JSON list: write one object on each line, " +
			"without brackets and commas around them")
	}

	csv, err := newCSVDecoder(rows)
	if err != nil {
		return nil, nil, err
	}
	return rows, csv.decode, nil
}

func readBatch(rows *rowReader, decode decoder) batch {
	var next batch
	for size := 0; len(next.rows) < batchRows && size < batchSize; {
		text, err := rows.next()
		size += len(text) + len("\n")

		var record *Record
		if err == nil {
			if len(bytes.TrimSpace(text)) == 0 {
				continue
			}
			record, err = decode(text)
		}

		if _, refused := errors.AsType[RefusedError](err); err != nil && !refused {
			next.end = err
			break
		}
		next.rows = append(next.rows, row{rows.line, record, err})
	}
	return next
}
