package program_test

import (
	"os"
	"os/exec"
	"regexp"
	"strings"
	"testing"

	"github.com/authtickets/authtickets/storage/storagetest"
)

// docs/faults.md shows what its commands really print.
func TestFaultsGuide(t *testing.T) {
	t.Parallel()

	text, err := os.ReadFile("../../docs/faults.md")
	must(t, err)
	s := newSite(t, storagetest.SQLite(t))
	server := s.start("--faults")

	const end = "--end of output--\n"
	var script, printed strings.Builder
	outputs := 0

	for _, block := range regexp.MustCompile("(?ms)^```(sh|text)\n(.*?)^```$").FindAllStringSubmatch(string(text), -1) {
		switch kind, content := block[1], block[2]; {
		case kind == "text":
			script.WriteString("echo '" + strings.TrimSpace(end) + "'\n")
			printed.WriteString(content + end)
			outputs++
		case !strings.HasPrefix(content, "authtickets serve"):
			script.WriteString(content)
		}
	}

	commands := strings.ReplaceAll(script.String(), "http://127.0.0.1:8080", server.url)
	got, err := exec.CommandContext(soon(t), "bash", "-c", "exec 2>&1\n"+commands).Output()
	must(t, err)
	if string(got) != printed.String() || outputs < 6 {
		t.Errorf("%d outputs; want:\n%s\ngot:\n%s", outputs, printed.String(), got)
	}
}
