package command_test

import (
	"bytes"
	"crypto/rand"
	"errors"
	"log/slog"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/authtickets/authtickets/command"
	"github.com/authtickets/authtickets/keyring"
	"github.com/authtickets/authtickets/seal"
	"github.com/authtickets/authtickets/test/fakekms"
)

// keysConsole runs commands for keys on its own embedded database, with a clock that moves.
type keysConsole struct {
	t      testing.TB
	folder string
	now    time.Time
}

func newKeysConsole(t testing.TB) *keysConsole {
	t.Helper()
	return &keysConsole{t: t, folder: t.TempDir(), now: begin}
}

// run runs a command and returns its output and its error.
func (c *keysConsole) run(arguments ...string) (string, error) {
	c.t.Helper()
	var program struct {
		command.Settings

		Keys command.Keys `cmd:""`
	}

	var out bytes.Buffer
	env := &command.Environment{
		Context: c.t.Context(),
		Stdin:   strings.NewReader(""),
		Stdout:  &out,
		Stderr:  &out,
		Getenv:  func(string) string { return "" },
		Now:     func() time.Time { return c.now },
		Random:  rand.Reader,
		Log:     slog.New(slog.DiscardHandler),
	}

	arguments = append([]string{"keys"}, arguments...)
	parsed, err := command.Parse(env, &program, append(arguments, "--data="+c.folder), &program.Settings)
	if err == nil {
		err = parsed.Run()
	}

	return out.String(), err
}

// want runs a command that must print out.
func (c *keysConsole) want(out string, arguments ...string) {
	c.t.Helper()
	got, err := c.run(arguments...)
	if got != out || err != nil {
		c.t.Errorf("%s: prints\n%swant\n%s%v", arguments, got, out, err)
	}
}

// fails runs a command that must fail with an error.
func (c *keysConsole) fails(reason error, arguments ...string) {
	c.t.Helper()
	if out, err := c.run(arguments...); !errors.Is(err, reason) {
		c.t.Errorf("%s: %q, %v", arguments, out, err)
	}
}

func TestKeys(t *testing.T) {
	t.Parallel()

	c := newKeysConsole(t)
	c.want("There are no keysets yet. The server makes them at its first start.\n", "list")
	c.want("", "list", "--json")
	c.want(
		"Published keyset seal 2. It is used from 2026-11-24T09:31:00Z. The previous keyset stays until nothing "+
			"made with it can be valid any more.\n",
		"rotate",
		"--purpose=seal",
	)

	c.want(`purpose  number  state   published             used from             retires
seal     1       in use  2026-11-24T09:30:00Z  the beginning         -
seal     2       next    2026-11-24T09:30:00Z  2026-11-24T09:31:00Z  -
sign     1       in use  2026-11-24T09:30:00Z  the beginning         -
`, "list")
	c.fails(keyring.ErrNeeded, "retire", "seal", "1", "--yes")
	c.fails(keyring.ErrNeeded, "retire", "seal", "2", "--yes")
	c.fails(keyring.ErrNeeded, "retire", "sign", "1", "--yes")
	c.fails(keyring.ErrNotFound, "retire", "sign", "2", "--yes")
	c.fails(keyring.ErrTooSoon, "rotate", "--delay=14s")
	c.fails(keyring.ErrTooSoon, "rotate", "--delay=-1s")
	c.fails(keyring.ErrTooSoon, "rotate", "--delay=0s")

	c.now = begin.Add(time.Hour)
	c.want(
		`Published keyset seal 3. It is used from 2026-11-24T10:30:15Z. The previous keyset stays until nothing `+
			`made with it can be valid any more.
Published keyset sign 2. It is used from 2026-11-24T10:30:15Z. The previous keyset stays until nothing `+
			`made with it can be valid any more.
`,
		"rotate",
		"--delay=15s",
	)

	c.want(
		`{"number":1,"publishedAt":"2026-11-24T09:30:00Z","purpose":"seal","retiresAt":"2027-02-22T09:41:00Z",`+
			`"state":"old","usedFrom":"1970-01-01T00:00:00Z"}
{"number":2,"publishedAt":"2026-11-24T09:30:00Z","purpose":"seal","retiresAt":null,"state":"in use",`+
			`"usedFrom":"2026-11-24T09:31:00Z"}
{"number":3,"publishedAt":"2026-11-24T10:30:00Z","purpose":"seal","retiresAt":null,"state":"next",`+
			`"usedFrom":"2026-11-24T10:30:15Z"}
{"number":1,"publishedAt":"2026-11-24T09:30:00Z","purpose":"sign","retiresAt":null,"state":"in use",`+
			`"usedFrom":"1970-01-01T00:00:00Z"}
{"number":2,"publishedAt":"2026-11-24T10:30:00Z","purpose":"sign","retiresAt":null,"state":"next",`+
			`"usedFrom":"2026-11-24T10:30:15Z"}
`,
		"list",
		"--json",
	)
	if out, err := c.run("retire", "seal", "1"); err == nil || !strings.Contains(err.Error(), "--yes") {
		t.Errorf("without confirmation: %s%v", out, err)
	}

	c.want(
		"Keyset seal 1 is retired. Within seconds every replica refuses what was made with it.\n",
		"retire",
		"seal",
		"1",
		"--yes",
	)

	c.fails(keyring.ErrNotFound, "retire", "seal", "1", "--yes")
	c.want(`purpose  number  state   published             used from             retires
seal     2       in use  2026-11-24T09:30:00Z  2026-11-24T09:31:00Z  -
seal     3       next    2026-11-24T10:30:00Z  2026-11-24T10:30:15Z  -
sign     1       in use  2026-11-24T09:30:00Z  the beginning         -
sign     2       next    2026-11-24T10:30:00Z  2026-11-24T10:30:15Z  -
`, "list")

	for _, arguments := range [][]string{
		{"rotate", "--purpose=all"},
		{"retire", "seal"},
		{"retire", "both", "1"},
		{"retire", "seal", "x"},
		{"change-master"},
	} {
		if out, err := c.run(arguments...); err == nil {
			t.Errorf("%s: %s", arguments, out)
		}
	}
}

func TestChangeMaster(t *testing.T) {
	t.Parallel()

	c := newKeysConsole(t)
	file := filepath.Join(c.folder, "new.json")
	if _, err := c.run("change-master", "--to="+file); err == nil ||
		!strings.Contains(err.Error(), "authtickets keys create "+file) {
		t.Error(err)
	}
	if _, err := c.run("create", file); err != nil {
		t.Fatal(err)
	}

	c.want(
		"Encrypted 2 keysets under the new master key. Restart every replica with --keys "+file+" now: until "+
			"then, it uses the keysets it has, and cannot read new ones.\n"+
			"Keep the previous master key while you keep backups of the database from before this change.\n",
		"change-master",
		"--to="+file,
	)

	for _, arguments := range [][]string{{"rotate"}, {"change-master", "--to=" + file}} {
		if _, err := c.run(arguments...); !errors.Is(err, seal.ErrMasterKey) ||
			!strings.Contains(err.Error(), "--keys must name") {
			t.Errorf("%s: %v", arguments, err)
		}
	}

	c.want(
		"Published keyset seal 2. It is used from 2026-11-24T09:31:00Z. The previous keyset stays until nothing "+
			"made with it can be valid any more.\n",
		"rotate",
		"--purpose=seal",
		"--keys="+file,
	)
}

// The master key moves from a file to AWS KMS. The command reports what the service refuses.
func TestChangeMasterToKMS(t *testing.T) { //nolint:paralleltest // it sets variables
	service := fakekms.Start(t)
	for name, value := range service.Variables() {
		t.Setenv(name, value)
	}

	c := newKeysConsole(t)
	c.fails(seal.ErrKMS, "change-master", "--to=aws-kms://alias/x")
	service.Refuse("AccessDeniedException")
	if _, err := c.run("change-master", "--to="+fakekms.URI("one")); err == nil ||
		!strings.Contains(err.Error(), "AWS KMS refuses it: AccessDeniedException") {
		t.Error(err)
	}

	service.Refuse("")
	if _, err := c.run("change-master", "--to="+fakekms.URI("one")); err != nil {
		t.Fatal(err)
	}

	c.fails(seal.ErrMasterKey, "rotate")
	c.fails(seal.ErrMasterKey, "rotate", "--keys="+fakekms.URI("two"))
	if _, err := c.run("rotate", "--keys="+fakekms.URI("one")); err != nil {
		t.Error(err)
	}

	service.Stop()
	c.fails(seal.ErrMasterAway, "rotate", "--keys="+fakekms.URI("one"))
}
