package command_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const someRows = `{"userName":"ada","password":"one"}
{"userName":""}

{"userName":"bob"}
`

func TestAccountImport(t *testing.T) {
	t.Parallel()

	c := newConsole(t)
	const refused = "line 2: userName must not be empty\n"
	file := c.file("customers.jsonl", someRows)

	c.want(
		"Dry run, nothing was written. 3 rows: 2 created, 0 updated, 0 unchanged, 1 refused.\n",
		"1 rows were refused",
		"import",
		file,
		"--dry-run",
	)

	c.want("", "there is no such account", "show", "ada")
	c.want("3 rows: 2 created, 0 updated, 0 unchanged, 1 refused.\n", "1 rows were refused", "import", file)
	if c.stderr != refused {
		t.Errorf("on the standard error: %q", c.stderr)
	}

	c.want(
		"1 rows: 0 created, 0 updated, 1 unchanged, 0 refused.\n",
		"",
		"import",
		c.file("a.jsonl", `{"userName":"ada","password":"two"}`),
		"--keep-passwords",
	)

	c.want(
		"1 rows: 0 created, 1 updated, 0 unchanged, 0 refused.\n",
		"",
		"import",
		c.file("a.jsonl", `{"userName":"ada","password":"two"}`),
	)

	report := filepath.Join(c.folder, "refused.txt")
	c.stdin = strings.NewReader(someRows)
	c.want(
		"3 rows: 0 created, 1 updated, 1 unchanged, 1 refused.\n",
		"1 rows were refused",
		"import",
		"-",
		"--report="+report,
	)
	if text, err := os.ReadFile(report); err != nil || string(text) != refused || c.stderr != "" {
		t.Errorf("reported %q, error %v, on the standard error: %q", text, err, c.stderr)
	}

	c.want(
		"",
		"open "+filepath.Join(c.folder, "none")+": no such file or directory",
		"import",
		filepath.Join(c.folder, "none"),
	)
}

// Customers with the same names stay different customers, in either format, and in a dry run too.
func TestAccountImportKeepsCustomersApart(t *testing.T) {
	t.Parallel()

	const (
		json = `{"externalId":"1","userName":"Ada","password":"first"}
{"externalId":"2","userName":"ＡＤＡ","password":"second"}
{"externalId":"3","userName":"bob","emailAddress":"bob@example.com"}
{"userName":"BOB@example.com","password":"third"}
`
		csv = `externalId,userName,password,emailAddress
1,Ada,first,
2,ＡＤＡ,second,

3,bob,,bob@example.com
,BOB@example.com,third,
`
		counted = "4 rows: 2 created, 0 updated, 0 unchanged, 2 refused.\n"
		failure = "2 rows were refused"
		because = ": userName is a name of the account in line %d, and the rows do not share an externalId\n"
	)

	for name, test := range map[string]struct {
		text  string
		lines [4]any
	}{"a.jsonl": {json, [4]any{2, 1, 4, 3}}, "a.csv": {csv, [4]any{3, 2, 6, 5}}} {
		c := newConsole(t)
		reasons := fmt.Sprintf("line %d"+because+"line %d"+because, test.lines[:]...)
		file := c.file(name, test.text)
		c.want("Dry run, nothing was written. "+counted, failure, "import", file, "--dry-run")
		if c.stderr != reasons {
			t.Errorf("%s, dry run: %s", name, c.stderr)
		}

		c.want(counted, failure, "import", file, "--adopt")
		if c.stderr != reasons || strings.Contains(c.stderr, "second") {
			t.Errorf("%s: %s", name, c.stderr)
		}
		if ada := c.show("ada"); ada["externalId"] != "1" || ada["userName"] != "Ada" {
			t.Errorf("%s: %v", name, ada)
		}
	}
}

func TestAccountImportAdopts(t *testing.T) {
	t.Parallel()

	c := newConsole(t)
	const created = "1 rows: 1 created, 0 updated, 0 unchanged, 0 refused.\n"
	c.want(created, "", "import", c.file("a.jsonl", `{"userName":"ada"}`))
	userID := c.show("ada")["userId"]
	file := c.file("b.jsonl", `{"externalId":"1","userName":"ADA","password":"new"}`)
	c.want("1 rows: 0 created, 0 updated, 0 unchanged, 1 refused.\n", "1 rows were refused", "import", file)
	const want = "line 1: userName belongs to an account without an externalId: " +
		"if both are the same customer, add --adopt\n"
	if c.stderr != want || c.show("ada")["externalId"] != nil {
		t.Errorf("%s%v", c.stderr, c.show("ada"))
	}

	const updated = "1 rows: 0 created, 1 updated, 0 unchanged, 0 refused.\n"
	c.want("Dry run, nothing was written. "+updated, "", "import", file, "--adopt", "--dry-run")
	c.want(updated, "", "import", file, "--adopt")
	if ada := c.show("ada"); ada["externalId"] != "1" || ada["userId"] != userID {
		t.Errorf("%v", ada)
	}

	c.want("1 rows: 0 created, 0 updated, 0 unchanged, 1 refused.\n", "1 rows were refused", "import",
		c.file("c.jsonl", `{"externalId":"2","userName":"ada"}`), "--adopt") // it has an externalId by now
}

func TestAccountImportTellsTheFormat(t *testing.T) {
	t.Parallel()

	c := newConsole(t)
	const csv, notJSON = "userName\nada\n", "line 1: the line is not JSON, from byte 1 on\n"
	var packed bytes.Buffer
	writer := gzip.NewWriter(&packed)
	_, _ = io.WriteString(writer, csv)
	_ = writer.Close()

	for _, test := range []struct {
		name, text, stderr string
		flags              []string
	}{
		{"a", csv, "", nil},
		{"a.csv", csv, "", nil},
		{"a.CSV.gz", packed.String(), "", nil},
		{"a.gz", packed.String(), "", nil},
		{"a.jsonl", csv, notJSON, nil},
		{"a.ndjson.gz", packed.String(), notJSON, nil},
		{"a.csv", csv, notJSON, []string{"--format=jsonl"}},
		{"a.jsonl", csv, "", []string{"--format=csv"}},
	} {
		_, _ = c.run(append([]string{"import", c.file(test.name, test.text)}, test.flags...)...)
		if c.stderr != test.stderr && !strings.HasPrefix(c.stderr, test.stderr+"line 2") {
			t.Errorf("%s %s: %q", test.name, test.flags, c.stderr)
		}
	}
}

func TestAccountImportListsSoMany(t *testing.T) {
	t.Parallel()

	c := newConsole(t)
	c.stdin = strings.NewReader(strings.Repeat("{}\n", 1234))
	c.want("1234 rows: 0 created, 0 updated, 0 unchanged, 1234 refused.\n", "1234 rows were refused", "import", "-")
	lines := strings.Split(c.stderr, "\n")
	if len(lines) != 1002 || !strings.HasPrefix(lines[999], "line 1000: ") ||
		lines[1000] != "and 234 more; --report FILE lists all" {
		t.Errorf("%d lines, the last are %q", len(lines), lines[max(0, len(lines)-3):])
	}
}

// interrupting is a file that interrupts the command while it is read.
type interrupting struct {
	io.Reader

	interrupt func()
}

func (i interrupting) Read(p []byte) (int, error) {
	n, err := i.Reader.Read(p)
	if err == io.EOF {
		i.interrupt()
		select {} // like a pipe that nobody writes to any more
	}
	return n, err
}

func TestAccountImportIsInterrupted(t *testing.T) {
	t.Parallel()

	c := newConsole(t)
	ctx, interrupt := context.WithCancel(t.Context())
	var rows strings.Builder

	for i := range 3000 {
		fmt.Fprintf(&rows, `{"userName":"user%d","firstName":"%0200d"}`+"\n", i, i)
	}

	c.context, c.stdin = ctx, interrupting{strings.NewReader(rows.String()), interrupt}
	out, err := c.run("import", "-")
	if err == nil || err.Error() != "interrupted; the counted rows are written: run the import again to continue" ||
		!strings.Contains(out, " created, 0 updated, 0 unchanged, 0 refused.") {
		t.Errorf("%s%v", out, err)
	}

	c.context, c.stdin = t.Context(), strings.NewReader(rows.String())
	out, err = c.run("import", "-")
	if err != nil || !strings.HasPrefix(out, "3000 rows: ") {
		t.Errorf("%s%v", out, err)
	}
}
