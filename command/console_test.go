package command_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/authtickets/authtickets/command"
)

var begin = time.Date(2026, 11, 24, 9, 30, 0, 0, time.UTC)

// console runs commands on its own embedded database.
type console struct {
	t      testing.TB
	folder string
	// group is the group of the commands, for example "account".
	group string
	// context and stdin are for the next command. stderr is what the last one wrote there.
	context context.Context
	stdin   io.Reader
	stderr  string
}

func newConsole(t testing.TB) *console {
	t.Helper()
	return &console{t: t, folder: t.TempDir(), group: "account", context: t.Context(), stdin: strings.NewReader("")}
}

// run runs a command and returns its output and its error.
func (c *console) run(arguments ...string) (string, error) {
	c.t.Helper()
	var program struct {
		command.Settings

		Account     command.Account     `cmd:""`
		Application command.Application `cmd:""`
	}

	var out, log bytes.Buffer
	env := &command.Environment{
		Context: c.context,
		Stdin:   c.stdin,
		Stdout:  &out,
		Stderr:  &log,
		Getenv:  func(string) string { return "" },
		Now:     func() time.Time { return begin },
		Random:  rand.Reader,
		Log:     slog.New(slog.DiscardHandler),
	}

	arguments = append([]string{c.group}, arguments...)
	arguments = append(arguments, "--data="+c.folder, "--hash-memory=8", "--hash-iterations=1")
	parsed, err := command.Parse(env, &program, arguments, &program.Settings)
	if err == nil {
		err = parsed.Run()
	}

	c.stderr, c.stdin = log.String(), strings.NewReader("")
	return out.String(), err
}

// want runs a command that must print out and fail with failure, or succeed if that is empty.
func (c *console) want(out, failure string, arguments ...string) {
	c.t.Helper()
	got, err := c.run(arguments...)
	if got != out {
		c.t.Errorf("%s: prints\n%swant\n%s", arguments, got, out)
	}
	if message := fmt.Sprint(err); err == nil && failure != "" || err != nil && message != failure {
		c.t.Errorf("%s: fails with %v, want %q", arguments, err, failure)
	}
}

// show returns an account as the command shows it in JSON.
func (c *console) show(who ...string) map[string]any {
	c.t.Helper()
	text, err := c.run(append([]string{"show", "--json"}, who...)...)
	if err != nil {
		c.t.Fatal(err)
	}

	var fields map[string]any
	if err := json.Unmarshal([]byte(text), &fields); err != nil {
		c.t.Fatal(err)
	}

	return fields
}

// file writes a file into the folder and returns its path.
func (c *console) file(name, text string) string {
	c.t.Helper()
	path := filepath.Join(c.folder, name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		c.t.Fatal(err)
	}

	return path
}
