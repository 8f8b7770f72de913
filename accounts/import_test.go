package accounts_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"testing"
	"testing/iotest"

	"github.com/authtickets/authtickets/access"
	"github.com/authtickets/authtickets/accounts"
	"github.com/authtickets/authtickets/storage/storagetest"
)

func keepPasswords(o *accounts.ImportOptions) { o.KeepPasswords = true }

func dryRun(o *accounts.ImportOptions) { o.DryRun = true }

func in(format accounts.Format) func(*accounts.ImportOptions) {
	return func(o *accounts.ImportOptions) { o.Format = format }
}

const row = `{"userName":"ada"}`

// importedFiles are files with the results of their import.
var importedFiles = map[string]struct{ text, want string }{
	"nothing":     {"", ""},
	"only blanks": {" \r\n\t\n", ""},
	"no line end": {row, "created 1"},
	"CRLF, blank lines and ends": {
		"\r\n" + row + " \r\n\n\t" + `{"userName":"bob"}` + "\r\n",
		"created 2",
	},
	"byte order mark":             {"\ufeff" + row, "created 1"},
	"gzip":                        {zipped(row), "created 1"},
	"gzip with a byte order mark": {zipped("\ufeff" + row), "created 1"},
	"gzip that is cut off": {
		zipped(row)[:20],
		"error: read the import: unexpected EOF",
	},
	"not gzip after all": {
		"\x1f\x8bx",
		"error: read the import: read gzip: unexpected EOF",
	},
	"a JSON list": {
		"[" + row + "]",
		"error: read the import: it is a JSON list: write one object on each line, " +
			"without brackets and commas around them",
	},
	"line numbers": {
		"\n" + row + "\n\n\nx\n",
		"created 1, line 5: the line is not JSON, from byte 1 on",
	},
	"a row that is too long": {
		row + "\n" + strings.Repeat(" ", 5<<20) + "\n" + row + "x",
		"created 1, line 2: the row is longer than 1 MiB, line 3: the line is not JSON, from byte 19 on",
	},
	"a row that is as long as can be": {
		row + strings.Repeat(" ", 1<<20-len(row)) + "\r\n{}",
		"created 1, line 2: userName is missing, and there is no such account yet",
	},
	"a last row that is too long": {
		row + "\n" + strings.Repeat("x", 2<<20),
		"created 1, line 2: the row is longer than 1 MiB",
	},
	"CSV":                {"userName,firstName\nada,Ada\n", "created 1"},
	"CSV, only a header": {"userName\n", ""},
	"CSV with blanks and quotes": {
		"\n userName ,firstName\r\n\r\nada,\"A\"\"da, \"\nbob,\n",
		"created 2",
	},
	"CSV, attributes": {
		"userName,attributes\nada,\"[{\"\"fullyQualifiedName\"\":\"\"a\"\",\n\"\"values\"\":[1]}]\"\nbob,x\n",
		"created 1, line 4: attributes must be a JSON list",
	},
	"CSV, flags": {
		"userName,isActive,isAnonymous\na,TRUE,false\nb,yes,\n",
		"created 1, line 3: isActive must be true or false",
	},
	"CSV, columns": {
		"userName,firstName\nada\nbob,b,c\ncid,c\n",
		"created 1, line 2: the row has 1 columns, and the header has 2, " +
			"line 3: the row has 3 columns, and the header has 2",
	},
	"CSV, unknown column": {"userName,hunter2\n", noName + "2"},
	"CSV, no header":      {"ada,hunter2\n", noName + "1"},
	"CSV, column twice": {
		"userName,userName\n",
		"error: read the import: the header has userName twice",
	},
	"CSV, not UTF-8": {
		"userName,password,attributes\na\xff,,\nb,\xff,\n" +
			"c,,\"[{\"\"fullyQualifiedName\"\":\"\"a\"\",\"\"values\"\":[\"\"\xff\"\"]}]\"",
		"line 2: userName is not UTF-8, line 3: password is not UTF-8 text, or it contains a NUL character, " +
			"line 4: attributes must be a JSON list",
	},
	"CSV, a quote is not closed": {
		"userName,firstName\nada,\"A\nbob,\"B\"\ncid,C\ndan,D\"\neve,E\n",
		"created 3, line 2: " + notCSV + ", line 5: " + notCSV,
	},
	"CSV, the last quote is not closed": {
		"userName\nada\n\"bob\ncid\n",
		"created 2, line 3: " + notCSV,
	},
	"CSV, a quote ties too much together": {
		"userName\n\"ada\n" + strings.Repeat("\n", 2<<20) + "bob\n",
		"created 1, line 2: the row is longer than 1 MiB: is a quote not closed?",
	},
}

func TestImportReadsFiles(t *testing.T) {
	t.Parallel()

	for name, test := range importedFiles {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			openBook(t, storagetest.SQLite(t)).want(test.want, test.text)
		})
	}
}

const (
	notCSV = "the row is not CSV: is a quote not closed, or inside a cell not doubled?"
	noName = "error: read the import: the header has no field of the schema's CustomerAccount in column "
)

func TestImportFormat(t *testing.T) {
	t.Parallel()
	b := openBook(t, storagetest.SQLite(t))
	b.want("line 1: the line is not JSON, from byte 1 on", "userName\n", in(accounts.JSONLines))
	b.want(noName+"1", "{}\n", in(accounts.CSV))
}

func zipped(text string) string {
	var out bytes.Buffer
	writer := gzip.NewWriter(&out)
	_, _ = io.WriteString(writer, text)
	_ = writer.Close()
	return out.String()
}

// customers returns a file with n customers, numbered from a number.
func customers(from, n int) string {
	var text strings.Builder
	for i := from; i < from+n; i++ {
		fmt.Fprintf(&text, `{"externalId":"C-%[1]d","userName":"user%[1]d","emailAddress":"user%[1]d@example.com",`+
			`"attributes":[{"fullyQualifiedName":"a","values":[%[1]d]}]}`+"\n", i)
	}
	return text.String()
}

func TestImportAgainEndsInTheSameState(t *testing.T) {
	t.Parallel()
	storagetest.Each(t, func(t *testing.T, url string) {
		b := openBook(t, url)
		file := customers(0, 1200)
		ctx, interrupt := context.WithCancel(t.Context())

		options := accounts.ImportOptions{Progress: func(c accounts.Counts) {
			if c.Read == 1000 {
				interrupt()
			}
		}}
		counts, err := b.Import(ctx, access.Operator(), strings.NewReader(file), options)
		if !errors.Is(err, context.Canceled) || counts.Read != 1000 || counts.Created != 1000 {
			t.Fatalf("interrupted: %+v, %v", counts, err)
		}
		if b.find("user999") == nil || b.find("user1000") != nil {
			t.Error("the counts are not those of the written rows")
		}

		b.want("created 200, unchanged 1000", file)
		b.want("unchanged 1200", file)
	})
}

func TestImportOfManyBatches(t *testing.T) {
	t.Parallel()
	storagetest.Each(t, func(t *testing.T, url string) {
		text := customers(0, 501) + "x\n" + strings.ReplaceAll(customers(501, 600), `user777"`, `user3"`) +
			`{"externalId":"C-3","firstName":"Ada"}` // not new, though all before it were
		openBook(t, url).want("created 1100, updated 1, line 502: the line is not JSON, from byte 1 on, "+
			"line 779: userName is a name of the account in line 4"+notShared, text)
	})
}

func TestImportsAtOnce(t *testing.T) {
	t.Parallel()
	storagetest.Each(t, func(t *testing.T, url string) {
		b := openBook(t, url)
		const importers, rows = 4, 300
		created := make([]int, importers)

		var wait sync.WaitGroup
		for i := range importers {
			wait.Go(func() {
				file := strings.NewReader(customers(0, rows))
				counts, err := b.Import(t.Context(), access.Operator(), file, accounts.ImportOptions{
					Refused:  func(line int, reason error) { t.Errorf("line %d: %s", line, reason) },
					Progress: func(accounts.Counts) {},
				})
				if err != nil {
					t.Error(err)
				}
				created[i] = counts.Created
			})
		}
		wait.Wait()

		total := 0
		for _, n := range created {
			total += n
		}
		if total != rows {
			t.Errorf("%v created together", created)
		}
		b.want(fmt.Sprintf("unchanged %d", rows), customers(0, rows))
	})
}

func TestDryRunWritesNothing(t *testing.T) {
	t.Parallel()
	storagetest.Each(t, func(t *testing.T, url string) {
		b := openBook(t, url)
		b.want("created 1", `{"userName":"ada","password":"before"}`)
		text := `{"userName":"ada","password":"after","attributes":[{"fullyQualifiedName":"a","values":[1]}]}
{"userName":"bob","emailAddress":"ada"}
{"userName":"cid"}
{"userName":"CID","firstName":"Cid"}
{"userName":"dan","emailAddress":"ADA@x"}
{"userName":"eve","emailAddress":"ada@x"}`
		ended := b.session(b.find("ada"))
		const want = "created 2, updated 1, line 2: emailAddress must be like name@example.com, " +
			"line 4: userName is a name of the account in line 3" + notShared + ", " +
			"line 6: emailAddress is a name of the account in line 5" + notShared

		b.want(want, text, dryRun)
		ada := b.find("ada")
		isMade := b.find("cid") != nil || b.find("dan") != nil
		if !b.signsIn(ada, "before") || len(ada.Attributes) != 0 || ended() != "" || isMade {
			t.Error("the dry run has written something")
		}

		b.want(want, text)
		if b.find("cid") == nil || !b.signsIn(b.find("ada"), "after") || ended() == "" {
			t.Error("the import has written nothing")
		}
	})
}

func TestImportReportsDatabaseFailures(t *testing.T) {
	t.Parallel()
	b := openBook(t, storagetest.SQLite(t))
	must(t, b.Store.Close())
	if got := b.load(customers(0, 3)); !strings.HasPrefix(got, "error: write accounts:") {
		t.Error(got)
	}
}

func TestImportReportsReadFailures(t *testing.T) {
	t.Parallel()
	b := openBook(t, storagetest.SQLite(t))
	errTorn := errors.New("torn")
	torn := io.MultiReader(strings.NewReader(customers(0, 3)), iotest.ErrReader(errTorn))

	counts, err := b.Import(t.Context(), access.Operator(), torn, accounts.ImportOptions{
		Progress: func(accounts.Counts) {},
	})
	if !errors.Is(err, errTorn) || counts.Created != 3 {
		t.Errorf("%+v, %v", counts, err)
	}
}
