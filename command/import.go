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

	"github.com/authtickets/authtickets/accounts"
)

// ImportAccounts creates and updates accounts from a file.
type ImportAccounts struct {
	File          string `arg:"" help:"File to read, or - for the standard input. gzip is unpacked."`
	Format        string `help:"Format of the rows: jsonl or csv. Told by the file's name, or else by its first character, unless it is given." enum:"jsonl,csv," default:"" placeholder:"FORMAT"`
	DryRun        bool   `help:"Check everything and write nothing. A name freed by an earlier row may count as taken."`
	Adopt         bool   `help:"Let a row with an externalId take over an account with its userName and no externalId."`
	KeepPasswords bool   `help:"Leave alone the passwords that accounts have: for a file that is imported again."`
	Report        string `help:"File for the line number and reason of every row that is refused. Without it the first 1,000 are listed on the standard error." placeholder:"FILE"`
}

// Help describes the file.
func (*ImportAccounts) Help() string {
	return `JSON Lines: one object on each line, with the fields of the schema's CustomerAccount and a "password" or a "passwordHash". userName is
required for a new account. null clears a field, and a field that is not there stays as it is:

  {"externalId":"C-17","userName":"ada","emailAddress":"ada@example.com","passwordHash":"$2b$10$…"}
  {"externalId":"C-18","userName":"bob","attributes":[{"fullyQualifiedName":"tenant~size","values":[42]}]}

CSV: a first line with the names of those fields. An empty cell leaves a field as it is; attributes are a JSON list:

  externalId,userName,emailAddress,isActive,attributes
  C-17,ada,ada@example.com,true,"[{""fullyQualifiedName"":""tenant~size"",""values"":[42]}]"

A row is about the account with its externalId, or else with its userName, or else about a new one. Hashes can be in argon2, bcrypt, scrypt,
pbkdf2, sha256-crypt, sha512-crypt, phpass, Django's and LDAP's {SSHA} forms. A new password or a deactivation ends the customer's sessions.

Two rows can be about one account only if both give its externalId. Otherwise the later row is
refused, with the number of the other line: two customers may have names that differ only in upper
and lower case. For the same reason a row whose externalId is new does not get an account that has
its userName already. If both are the same customer, --adopt gives it to the row, unless the account
has another externalId.

A row that is refused takes no other with it, and makes the exit code 1. An import that was interrupted can be run again.

  authtickets account import customers.jsonl.gz --dry-run
  authtickets account import customers.csv --keep-passwords --report refused.txt
  authtickets account import customers.csv --adopt
  zcat customers.gz | authtickets account import -`
}

// format is what the file's name says of it.
func (c *ImportAccounts) format() accounts.Format {
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

// mostListed bounds what a terminal is filled with.
const mostListed = 1000

// Run carries the command out.
func (c *ImportAccounts) Run(env *Environment, settings *Settings) error {
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
		defer debug.SetGCPercent(debug.SetGCPercent(c.garbage()))
	}
	return withBook(env, settings, func(book *accounts.Book) error {
		bytes := &countedReader{in: in}
		bar := newProgress(env, bytes, size)
		counts, err := book.Import(env.Context, bytes, accounts.ImportOptions{
			Format: c.format(), DryRun: c.DryRun, Adopt: c.Adopt, KeepPasswords: c.KeepPasswords,
			Refused: func(line int, reason error) { bar.clear(); report.refused(line, reason) }, Progress: bar.show,
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

// garbage is how much garbage may come on top of what is in use, in percent. The server's 400 would
// make five bytes of each that is remembered of a file, and a dry run remembers more.
func (c *ImportAccounts) garbage() int {
	if c.DryRun {
		return 100
	}
	return 200
}

// errInterrupted says that an import can go on.
var errInterrupted = errors.New("interrupted; what was counted is written: run the import again to go on")

func interrupted(err error) error {
	if errors.Is(err, context.Canceled) {
		return errInterrupted
	}
	return err
}

// open returns what to read and how many bytes it has; 0 when nobody knows.
func (c *ImportAccounts) open(env *Environment) (io.ReadCloser, int64, error) {
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

// refusals writes down which rows were refused.
type refusals struct {
	out   *bufio.Writer
	file  io.Closer
	limit int // 0 means none
	count int
}

func (c *ImportAccounts) openReport(env *Environment) (*refusals, error) {
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

// countedReader counts what is read, by another goroutine.
type countedReader struct {
	in   io.Reader
	read atomic.Int64
}

func (c *countedReader) Read(p []byte) (int, error) {
	n, err := c.in.Read(p)
	c.read.Add(int64(n))
	return n, err
}

// progress is a line on a terminal that says how far an import is. Elsewhere it is silent.
type progress struct {
	env   *Environment
	bytes *countedReader
	size  int64
	begin time.Time
	shown time.Time
	on    bool
}

func newProgress(env *Environment, bytes *countedReader, size int64) *progress {
	_, on := terminal(env.Stderr)
	return &progress{env: env, bytes: bytes, size: size, begin: env.Now(), on: on}
}

func (p *progress) show(counts accounts.Counts) {
	const often = 200 * time.Millisecond
	now := p.env.Now()
	if !p.on || now.Sub(p.shown) < often {
		return
	}
	p.shown = now
	perSecond := float64(counts.Read) / max(now.Sub(p.begin).Seconds(), 0.001)
	fmt.Fprintf(p.env.Stderr, "\r%s %d rows, %.0f a second, %d refused\x1b[K", p.bar(), counts.Read, perSecond, counts.Refused)
}

// bar draws how much of the file has been read, where its size is known.
func (p *progress) bar() string {
	const width, megabyte = 30, 1 << 20
	read := p.bytes.read.Load()
	if p.size == 0 {
		return fmt.Sprintf("%d MB", read/megabyte)
	}
	done := int(min(read, p.size) * width / p.size)
	return fmt.Sprintf("[%s%s] %d of %d MB", strings.Repeat("=", done), strings.Repeat(" ", width-done), read/megabyte, p.size/megabyte)
}

// clear makes room on the line for other text.
func (p *progress) clear() {
	if p.on {
		fmt.Fprint(p.env.Stderr, "\r\x1b[K")
	}
}
