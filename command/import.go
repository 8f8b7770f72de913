package command

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"runtime/debug"
	"strings"
	"sync/atomic"
	"time"

	"github.com/authtickets/authtickets/access"
	"github.com/authtickets/authtickets/accounts"
)

// importAccounts creates and updates accounts from a file.
type importAccounts struct {
	File          string `arg:"" help:"File to read, or - for the standard input. It may be compressed with gzip."`
	Format        string `help:"Format of the rows: jsonl or csv." enum:"jsonl,csv," default:"" placeholder:"FORMAT"`
	DryRun        bool   `help:"Check everything and write nothing. A name freed by an earlier row may count as taken."`
	Adopt         bool   `help:"Let a row with an externalId take over an account with its userName and no externalId."`
	KeepPasswords bool   `help:"Do not change existing passwords. Use it to import a file again."`
	Report        string `help:"File for the line number and reason of every refused row." placeholder:"FILE"`
}

// Help describes the formats of the file, and how rows find their accounts.
func (*importAccounts) Help() string {
	return `JSON Lines: each line is an object with the fields of the schema's CustomerAccount, and "password" or
"passwordHash". A new account needs a userName. null clears a field, and a missing field does not
change:

  {"externalId":"C-17","userName":"ada","emailAddress":"ada@example.com","passwordHash":"$2b$10$…"}
  {"externalId":"C-18","userName":"bob","attributes":[{"fullyQualifiedName":"tenant~size","values":[42]}]}

CSV: the first line has the names of those fields. An empty cell does not change a field. Attributes
are a JSON list:

  externalId,userName,emailAddress,isActive,attributes
  C-17,ada,ada@example.com,true,"[{""fullyQualifiedName"":""tenant~size"",""values"":[42]}]"

Without --format, the name of the file decides, or else its first character.

A row belongs to the account with its externalId, or else with its userName, or else to a new one.
Hashes may be argon2, bcrypt, scrypt, pbkdf2, sha256-crypt, sha512-crypt, phpass, or in the formats
of Django and LDAP ({SSHA}). A new password or a deactivation ends the customer's sessions.

Two rows can belong to one account only if both give its externalId. Otherwise the later row is
refused, with the number of the other line, because two customers may have names that differ only in
upper and lower case. For the same reason, a row with a new externalId does not change an existing
account that has its userName. If both are the same customer, --adopt lets the row take over the
account, unless the account has another externalId.

A refused row does not affect other rows, and makes the exit code 1. Without --report, the first
1,000 refused rows are listed on the standard error. An import that was interrupted can be run again.

  authtickets account import customers.jsonl.gz --dry-run
  authtickets account import customers.csv --keep-passwords --report refused.txt
  authtickets account import customers.csv --adopt
  zcat customers.gz | authtickets account import -`
}

// format returns the format that the flag or the file's name gives. It is empty if neither does.
func (c *importAccounts) format() accounts.Format {
	if c.Format != "" {
		return accounts.Format(c.Format)
	}

	switch path.Ext(strings.TrimSuffix(strings.ToLower(c.File), ".gz")) {
	case ".jsonl", ".ndjson":
		return accounts.JSONLines
	case ".csv":
		return accounts.CSV
	default:
		return ""
	}
}

// mostListed is how many refused rows are listed without a report.
const mostListed = 1000

func (c *importAccounts) Run(env *Environment, settings *Settings) error {
	in, size, err := c.open(env)
	if err != nil {
		return err
	}
	defer in.Close() //nolint:errcheck // it was only read

	report, err := c.openReport(env)
	if err != nil {
		return err
	}
	if env.Getenv("GOGC") == "" {
		defer debug.SetGCPercent(debug.SetGCPercent(c.gcPercent()))
	}

	return withBook(env, settings, func(book *accounts.Book) error {
		bytes := &countedReader{in: in}
		bar := newProgress(env, bytes, size)
		counts, err := book.Import(env.Context, access.Operator(), bytes, accounts.ImportOptions{
			Format:        c.format(),
			DryRun:        c.DryRun,
			Adopt:         c.Adopt,
			KeepPasswords: c.KeepPasswords,
			Refused:       func(line int, reason error) { bar.clear(); report.refused(line, reason) },
			Progress:      bar.show,
		})

		bar.clear()
		if c.DryRun {
			fmt.Fprint(env.Stdout, "Dry run, nothing was written. ")
		}

		fmt.Fprintf(env.Stdout, "%d rows: %d created, %d updated, %d unchanged, %d refused.\n",
			counts.Read, counts.Created, counts.Updated, counts.Unchanged, counts.Refused)
		return errors.Join(interrupted(err), report.close(), report.err())
	})
}

// gcPercent returns the value of GOGC for an import. With the server's value, each byte that is
// kept about a file would take five bytes of memory. A dry run keeps more.
func (c *importAccounts) gcPercent() int {
	if c.DryRun {
		return 100
	}
	return 200
}

// errInterrupted means that an import can be continued.
var errInterrupted = errors.New("interrupted; the counted rows are written: run the import again to continue")

func interrupted(err error) error {
	if errors.Is(err, context.Canceled) {
		return errInterrupted
	}
	return err
}

// open returns the input and its length in bytes, or 0 if that is unknown.
func (c *importAccounts) open(env *Environment) (io.ReadCloser, int64, error) {
	if c.File == "-" {
		return io.NopCloser(env.Stdin), 0, nil
	}

	file, err := os.Open(c.File)
	if err != nil {
		return nil, 0, err
	}

	info, err := file.Stat()
	if err != nil {
		return nil, 0, errors.Join(err, file.Close())
	}

	return file, info.Size(), nil
}

// refusals records which rows were refused.
type refusals struct {
	out   *bufio.Writer
	file  io.Closer
	limit int // 0 means no limit
	count int
}

func (c *importAccounts) openReport(env *Environment) (*refusals, error) {
	if c.Report == "" {
		return &refusals{out: bufio.NewWriter(env.Stderr), limit: mostListed}, nil
	}

	file, err := os.Create(c.Report)
	if err != nil {
		return nil, fmt.Errorf("--report: %w", err)
	}

	return &refusals{out: bufio.NewWriter(file), file: file}, nil
}

func (r *refusals) refused(line int, reason error) {
	r.count++
	if r.limit == 0 || r.count <= r.limit {
		fmt.Fprintf(r.out, "line %d: %s\n", line, reason)
	}
	if r.file == nil {
		_ = r.out.Flush()
	}
}

func (r *refusals) close() error {
	if r.limit > 0 && r.count > r.limit {
		fmt.Fprintf(r.out, "and %d more; --report FILE lists all\n", r.count-r.limit)
	}

	err := r.out.Flush()
	if r.file != nil {
		err = errors.Join(err, r.file.Close())
	}

	return err
}

func (r *refusals) err() error {
	if r.count == 0 {
		return nil
	}
	return fmt.Errorf("%d rows were refused", r.count)
}

// countedReader counts what another goroutine reads.
type countedReader struct {
	in   io.Reader
	read atomic.Int64
}

func (c *countedReader) Read(p []byte) (int, error) {
	n, err := c.in.Read(p)
	c.read.Add(int64(n))
	return n, err
}

// progress is a line on a terminal that shows the progress of an import. Elsewhere it is silent.
type progress struct {
	env        *Environment
	bytes      *countedReader
	size       int64
	beganAt    time.Time
	shownAt    time.Time
	isTerminal bool
}

func newProgress(env *Environment, bytes *countedReader, size int64) *progress {
	_, isTerminal := terminal(env.Stderr)
	return &progress{env: env, bytes: bytes, size: size, beganAt: env.Now(), isTerminal: isTerminal}
}

func (p *progress) show(counts accounts.Counts) {
	const often = 200 * time.Millisecond
	now := p.env.Now()
	if !p.isTerminal || now.Sub(p.shownAt) < often {
		return
	}

	p.shownAt = now
	perSecond := float64(counts.Read) / max(now.Sub(p.beganAt).Seconds(), 0.001)
	fmt.Fprintf(p.env.Stderr, "\r%s %d rows, %.0f a second, %d refused\x1b[K",
		p.bar(), counts.Read, perSecond, counts.Refused)
}

// bar draws how much of the file has been read, if its size is known.
func (p *progress) bar() string {
	const width, megabyte = 30, 1 << 20
	read := p.bytes.read.Load()
	if p.size == 0 {
		return fmt.Sprintf("%d MB", read/megabyte)
	}

	done := int(min(read, p.size) * width / p.size)
	return fmt.Sprintf(
		"[%s%s] %d of %d MB",
		strings.Repeat("=", done),
		strings.Repeat(" ", width-done),
		read/megabyte,
		p.size/megabyte,
	)
}

// clear clears the line for other text.
func (p *progress) clear() {
	if p.isTerminal {
		fmt.Fprint(p.env.Stderr, "\r\x1b[K")
	}
}
