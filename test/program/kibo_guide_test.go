package program_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/authtickets/authtickets/storage/storagetest"
)

// docs/kibo.md moves a shop to a real server. Its commands print what it shows.
func TestKiboGuide(t *testing.T) {
	t.Parallel()

	text, err := os.ReadFile("../../docs/kibo.md")
	must(t, err)
	s := newSite(t, storagetest.SQLite(t))
	must(t, os.Symlink(executable, filepath.Join(s.folder, "authtickets")))

	const end = "--end of output--\n"
	var flags []string
	var before, after, printed strings.Builder // before and after the start of the server
	outputs := 0

	script := &before
	for _, block := range regexp.MustCompile("(?ms)^```(sh|text)\n(.*?)^```$").FindAllStringSubmatch(string(text), -1) {
		switch kind, content := block[1], block[2]; {
		case kind == "text":
			script.WriteString("echo '" + strings.TrimSpace(end) + "'\n")
			printed.WriteString(content + end)
			outputs++
		case strings.HasPrefix(content, "authtickets serve "):
			flags = strings.Fields(content)[2:]
			script = &after
		default:
			script.WriteString(content)
		}
	}

	bash := func(commands string) string {
		t.Helper()
		command := exec.CommandContext(soon(t), "bash", "-euc", commands)
		command.Dir = s.folder
		command.Env = append(s.variables(), "PATH="+s.folder+":"+os.Getenv("PATH"))
		got, err := command.Output()
		must(t, err)
		return string(got)
	}

	// The second script gets the variables of the first one.
	got := bash(before.String() + "declare -p SECRET >variables\n")
	server := s.start(flags...)
	got += bash(". ./variables\n" + strings.ReplaceAll(after.String(), "http://127.0.0.1:8080", server.url))

	if got != printed.String() || outputs < 5 || flags == nil {
		t.Errorf("%d outputs; want:\n%s\ngot:\n%s", outputs, printed.String(), got)
	}
}
