package test_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/authtickets/authtickets/models"
	"github.com/authtickets/authtickets/problem"
)

// mostReadmeBytes is how long the README may be. Longer texts belong in docs/.
const mostReadmeBytes = 8000

func TestReadmeIsShort(t *testing.T) {
	t.Parallel()

	info, err := os.Stat("../README.md")
	must(t, err)
	if info.Size() > mostReadmeBytes {
		t.Errorf("README.md has %d bytes, at most %d are allowed", info.Size(), mostReadmeBytes)
	}
}

var (
	fence   = regexp.MustCompile("(?ms)^ *```.*?^ *```[^\n]*$")
	link    = regexp.MustCompile(`\]\(<?([^()\s<>]+(?:\([^()\s]*\))?[^()\s<>]*)>?(?:\s+"[^"]*")?\)`)
	heading = regexp.MustCompile(`(?m)^#{1,6} +(.+?) *$`)
	outside = regexp.MustCompile(`^(?:[a-z][a-z0-9+.-]*:|//)`)
	// unanchored is what GitHub drops from a heading when it makes an anchor.
	unanchored = regexp.MustCompile(`[^\p{L}\p{N}_ -]`)
	linkText   = regexp.MustCompile(`\[([^\]]*)\]\([^)]*\)`)
)

// documents returns every Markdown file of the repository, with its text outside of snippets.
func documents(t *testing.T) map[string]string {
	t.Helper()

	texts := map[string]string{}
	err := filepath.WalkDir("..", func(name string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir() && (entry.Name() == "node_modules" || entry.Name() == ".git"):
			return filepath.SkipDir
		case entry.IsDir() || filepath.Ext(name) != ".md":
			return nil
		}

		text, err := os.ReadFile(name)
		texts[name] = fence.ReplaceAllString(string(text), "")
		return err
	})
	must(t, err)
	return texts
}

// anchors returns the anchors that GitHub gives to the headings of a text.
func anchors(text string) []string {
	var found []string
	for _, match := range heading.FindAllStringSubmatch(text, -1) {
		title := linkText.ReplaceAllString(strings.ToLower(match[1]), "$1")
		found = append(found, strings.ReplaceAll(unanchored.ReplaceAllString(title, ""), " ", "-"))
	}
	return found
}

// Each relative link leads to a file or folder that is there, and each anchor to a heading.
func TestLinksResolve(t *testing.T) {
	t.Parallel()

	texts := documents(t)
	count := 0
	for name, text := range texts {
		for _, match := range link.FindAllStringSubmatch(text, -1) {
			target := match[1]
			if outside.MatchString(target) {
				continue
			}
			count++

			path, anchor, _ := strings.Cut(target, "#")
			file := name
			if path != "" {
				file = filepath.Join(filepath.Dir(name), path)
			}
			if _, err := os.Stat(file); errors.Is(err, fs.ErrNotExist) {
				t.Errorf("%s: no file for %s", name, target)
				continue
			}
			if anchor != "" && !slices.Contains(anchors(texts[file]), anchor) {
				t.Errorf("%s: no heading for %s", name, target)
			}
		}
	}
	if len(texts) < 45 || count < 100 {
		t.Errorf("only %d files and %d links were found", len(texts), count)
	}
}

// The prose of documents has at most 100 columns. Tables, code, and a line that is one long word or
// link may be wider.
func TestProseIsNarrow(t *testing.T) {
	t.Parallel()

	const mostColumns = 100
	for name, text := range documents(t) {
		for line := range strings.Lines(text) {
			line = strings.TrimRight(line, "\n")
			isTableOrCode := strings.HasPrefix(line, "|") || strings.HasPrefix(line, "    ")
			words := strings.Fields(linkText.ReplaceAllString(strings.TrimLeft(line, "-* "), "link"))
			if columns := utf8.RuneCountInString(line); columns > mostColumns && !isTableOrCode && len(words) > 1 {
				t.Errorf("%s: %d columns, at most %d are allowed: %s", name, columns, mostColumns, line)
			}
		}
	}
}

// The table in docs/errors.md has a row for each reason of the schema, with the code and the next
// step that clients get.
func TestErrorTable(t *testing.T) {
	t.Parallel()

	text, err := os.ReadFile("../docs/errors.md")
	must(t, err)
	row := regexp.MustCompile("(?m)^\\| `([A-Z_]+)` \\| ([^|]+) \\| ([^|]+) \\| [^|]+ \\|$")
	told := map[string][]string{}
	for _, match := range row.FindAllStringSubmatch(string(text), -1) {
		told[match[1]] = match[2:]
	}

	schema, err := os.ReadFile("../schema.graphqls")
	must(t, err)
	_, enum, _ := strings.Cut(string(schema), "enum ErrorReason {")
	enum, _, _ = strings.Cut(enum, "\n}")
	reasons := regexp.MustCompile(`(?m)^  ([A-Z][A-Z_]+)(?: @.*)?$`).FindAllStringSubmatch(enum, -1)
	if len(reasons) < 30 {
		t.Fatalf("not the reasons: %s", reasons)
	}

	for _, match := range reasons {
		reason := match[1]
		cells, ok := told[reason]
		delete(told, reason)
		shown := problem.Of(&models.Error{Reason: models.Reason(reason)})
		switch {
		case !ok:
			t.Errorf("no row for %s", reason)
		case !strings.Contains(cells[0], "`"+string(shown.Code)+"`"):
			t.Errorf("%s: the code is %s, not %s", reason, shown.Code, cells[0])
		case !strings.Contains(cells[1], "`"+string(shown.NextStep)+"`"):
			t.Errorf("%s: the next step is %s, not %s", reason, shown.NextStep, cells[1])
		}
	}
	if len(told) > 0 {
		t.Errorf("rows for reasons that do not exist: %v", told)
	}
}

// docs/architecture.md names functions as folder.Function. Each is there.
func TestWalksNameFunctions(t *testing.T) {
	t.Parallel()

	text, err := os.ReadFile("../docs/architecture.md")
	must(t, err)
	_, walks, _ := strings.Cut(string(text), "## Walk 1")
	named := regexp.MustCompile("`([a-z]+)\\.([A-Za-z]+)`").FindAllStringSubmatch(walks, -1)
	if len(named) < 30 {
		t.Fatalf("only %d functions are named", len(named))
	}

	for _, match := range named {
		files, err := filepath.Glob("../" + match[1] + "/*.go")
		must(t, err)
		function := regexp.MustCompile(`(?m)^func (?:\([^)]*\) )?` + match[2] + `[(\[]`)
		isThere := slices.ContainsFunc(files, func(name string) bool {
			code, err := os.ReadFile(name)
			return err == nil && function.Match(code)
		})
		if !isThere {
			t.Errorf("docs/architecture.md names %s.%s, which does not exist", match[1], match[2])
		}
	}
}
