package accounts_test

import (
	"bytes"
	"io"
	"runtime"
	"strings"
	"testing"
	"unicode"

	"github.com/authtickets/authtickets/accounts"
)

func FuzzImport(f *testing.F) {
	for _, seed := range []string{
		everyField,
		customers(0, 3),
		zipped(customers(0, 3)),
		"userName,password\nada,x\n\"bob\n\"\"\n",
		"\ufeff{}\r\n[]\n{\"a\":1,\"a\":2}",
		`\u0000\"`,
		`{"attributes":[{"fullyQualifiedName":"a","values":[{"b":["\"}]"]}]}]}`,
		"userName,attributes\na,\"[{}]\"",
		"1,2\n3,4",
	} {
		for variant := range uint8(6) {
			f.Add([]byte(seed), variant)
		}
	}

	f.Fuzz(func(t *testing.T, text []byte, variant uint8) {
		const marker = "hunter2"
		const quoted = `{"password":"` + marker + `","passwordHash":"$argon2id$` + marker + `",`
		if bytes.Contains(text, []byte(marker)) {
			return
		}

		switch variant { // one at a time, because each takes a buffer as large as the longest row
		case 0:
			decodeSafely(t, text, accounts.JSONLines, marker)
		case 1:
			decodeSafely(t, text, "", marker)
		case 2:
			decodeSafely(t, append([]byte(quoted), text...), accounts.JSONLines, marker)
		case 3:
			decodeSafely(t, bytes.ReplaceAll(text, []byte("{"), []byte(quoted)), accounts.JSONLines, marker)
		case 4:
			row := "password,passwordHash,userName\n" + marker + ",$2b$" + marker + ","
			decodeSafely(t, append([]byte(row), text...), accounts.CSV, marker)
		default:
			decodeSafely(t, append([]byte("ada,"+marker+"\n"), text...), accounts.CSV, marker)
		}
	})
}

func decodeSafely(t *testing.T, file []byte, format accounts.Format, marker string) {
	t.Helper()
	before := 0

	check := func(err error) {
		reason := err.Error()
		if strings.Contains(reason, marker) || strings.ContainsFunc(reason, unicode.IsControl) || len(reason) > 300 {
			t.Errorf("%q, read as %q: %q", file, format, reason)
		}
	}

	err := accounts.Decode(bytes.NewReader(file), format, func(line int, record *accounts.Record, refusal error) {
		if line <= before {
			t.Errorf("%q, read as %q: line %d comes after line %d", file, format, line, before)
		}
		before = line

		if refusal != nil {
			check(refusal)
		} else if record == nil {
			t.Errorf("%q, read as %q: line %d is neither a record nor refused", file, format, line)
		}
	})
	if err != nil {
		check(err)
	}
}

// block repeats a text until it has 64 KiB.
func block(text string) string { return strings.Repeat(text, 64<<10/len(text)) }

// repeated returns 8 MiB of a block of 64 KiB.
func repeated(block string) io.Reader {
	blocks := make([]io.Reader, 128)
	for i := range blocks {
		blocks[i] = strings.NewReader(block)
	}
	return io.MultiReader(blocks...)
}

func TestDecodingTakesLittleMemory(t *testing.T) { //nolint:paralleltest // other tests take memory too
	for name, file := range map[string]io.Reader{
		"one line":            io.MultiReader(strings.NewReader("{"), repeated(block("x"))),
		"one line, CSV":       io.MultiReader(strings.NewReader("userName\n"), repeated(block("x"))),
		"a quote":             io.MultiReader(strings.NewReader("userName\n\""), repeated(block("x"))),
		"blank lines":         repeated(block("\n")),
		"blank lines, CSV":    io.MultiReader(strings.NewReader("userName\n\""), repeated(block("\n"))),
		"a long header":       repeated(block("x,")),
		"packed: one line":    repeated(zipped(block("{"))),
		"packed: blank lines": repeated(zipped(block(" \r\n"))),
		"packed: many quotes": repeated(zipped(block(`"`))),
	} {
		var before, after runtime.MemStats

		runtime.ReadMemStats(&before)
		err := accounts.Decode(file, "", func(int, *accounts.Record, error) {})
		runtime.ReadMemStats(&after)
		if took := after.TotalAlloc - before.TotalAlloc; took > 4<<20 {
			t.Errorf("%s: %d MiB, error %v", name, took>>20, err)
		}
	}
}
