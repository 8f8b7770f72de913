package main

import (
	"strings"
	"testing"
)

// Each line is PACKAGE TEST ACTION, with "-" for the package itself, followed by the output if the
// action is "output".
func TestRead(t *testing.T) {
	t.Parallel()

	tests := []struct {
		name   string
		events string
		want   string
		shows  []string
		hides  []string
	}{
		{
			name: "passing tests show the package's line only",
			events: `p TestA run
				p TestA output === RUN   TestA
				p TestA output chatter
				p TestA pass
				p - output PASS
				p - output ok  	p	0.1s
				p - pass`,
			want:  "1 passed, 0 failed",
			shows: []string{"ok  	p	0.1s\n"},
			hides: []string{"=== RUN", "chatter", "PASS"},
		},
		{
			name: "a test with subtests is not counted again",
			events: `p TestA run
				p TestA/x run
				p TestA/y run
				p TestA/y/a/b run
				p TestA/x pass
				p TestA/y/a/b pass
				p TestA/y pass
				p TestA pass
				p - pass`,
			want: "2 passed, 0 failed",
		},
		{
			name: "a failure counts where it happened and shows why",
			events: `p TestA run
				p TestA/x run
				p TestA/y run
				p TestA/x output x.go:1: reason
				p TestA/x fail
				p TestA/y pass
				p TestA fail
				p - output FAIL	p	0.1s
				p - fail`,
			want:  "1 passed, 1 failed",
			shows: []string{"x.go:1: reason\n", "FAIL	p	0.1s\n"},
		},
		{
			name: "a test that fails although its subtests pass counts",
			events: `p TestA run
				p TestA/x run
				p TestA/x pass
				p TestA fail
				p - fail`,
			want: "1 passed, 1 failed",
		},
		{
			name: "tests that ran when the process ended have failed",
			events: `p TestA run
				p TestA pass
				p TestB run
				p TestB output panic: oh
				p TestC run
				p - fail`,
			want:  "1 passed, 2 failed",
			shows: []string{"panic: oh\n", "TestB (did not end)", "TestC (did not end)"},
		},
		{
			name: "a package that cannot be built has failed",
			events: `p - output FAIL	p [build failed]
				p - fail`,
			want:  "0 passed, 1 failed",
			shows: []string{"[build failed]"},
		},
		{
			name: "skipped tests are named",
			events: `p TestA run
				p TestA skip
				p - pass
				q - skip`,
			want:  "0 passed, 0 failed, 1 skipped",
			shows: []string{"skipped: p TestA\n"},
		},
	}

	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()

			var out strings.Builder
			counts, err := read(strings.NewReader(asJSON(test.events)), &out)
			if err != nil || counts.String() != test.want {
				t.Errorf("%v, error %v, want %s", counts, err, test.want)
			}

			for _, text := range test.shows {
				if !strings.Contains(out.String(), text) {
					t.Errorf("%q is missing in:\n%s", text, out.String())
				}
			}

			for _, text := range test.hides {
				if strings.Contains(out.String(), text) {
					t.Errorf("%q is shown in:\n%s", text, out.String())
				}
			}
		})
	}
}

func TestReadRefusesHalfAStream(t *testing.T) {
	t.Parallel()

	for _, events := range []string{
		asJSON("p TestA run\np TestA pass"),
		asJSON("p - pass") + `{"Action":"ru`,
		"go: no such tool",
	} {
		var out strings.Builder
		if counts, err := read(strings.NewReader(events), &out); err == nil {
			t.Errorf("%q was counted as %v", events, counts)
		}
	}
}

func asJSON(events string) string {
	var lines strings.Builder
	for line := range strings.Lines(events) {
		fields := strings.SplitN(strings.TrimSpace(line), " ", 4)
		lines.WriteString(`{"Package":"` + fields[0] + `","Action":"` + fields[2] + `"`)
		if fields[1] != "-" {
			lines.WriteString(`,"Test":"` + fields[1] + `"`)
		}
		if len(fields) > 3 {
			lines.WriteString(`,"Output":"` + strings.ReplaceAll(fields[3], "\t", `\t`) + `\n"`)
		}

		lines.WriteString("}\n")
	}

	return lines.String()
}
