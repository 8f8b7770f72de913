package program_test

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// The help lists every setting with its variable.
func TestHelp(t *testing.T) {
	t.Parallel()

	code, help, stderr := run(t, t.TempDir(), nil, "serve", "--help")
	if code != 0 || stderr != "" {
		t.Errorf("exit code %d: %s", code, stderr)
	}

	help = strings.Join(strings.Fields(help), " ")

	// The settings are the exported fields with a help text.
	var settings []string
	for _, file := range []string{
		"../../server/kibo.go",
		"../../server/settings.go",
		"../../command/settings.go",
		"../../command/ticket_settings.go",
		"../../command/address.go",
	} {
		code, err := os.ReadFile(file)
		must(t, err)
		for _, field := range regexp.MustCompile("(?m)^\t([A-Z][A-Za-z]+) +[a-zA-Z.\\[\\]0-9]+ "+
			"+`[^`]*help:").FindAllStringSubmatch(string(code), -1) {
			words := regexp.MustCompile(`[A-Z][a-z]*`).FindAllString(field[1], -1)
			settings = append(settings, strings.ToLower(strings.Join(words, "-")))
		}
	}

	if len(settings) < 35 || !slices.Contains(settings, "database-statement-wait") {
		t.Fatalf("not the settings: %s", settings)
	}

	for _, setting := range settings {
		variable := "AUTHTICKETS_" + strings.ToUpper(strings.ReplaceAll(setting, "-", "_"))
		if !regexp.MustCompile(`--(\[no-\])?`+setting+`[= ]`).MatchString(help) ||
			!strings.Contains(help, "($"+variable+")") {
			t.Errorf("--help does not list --%s and $%s", setting, variable)
		}
	}

	if !strings.Contains(help, "AUTHTICKETS_KEYSET") {
		t.Error("--help does not list AUTHTICKETS_KEYSET")
	}

	for _, arguments := range [][]string{{"--help"}, {"migrate", "--help"}, {"keys", "create", "--help"}} {
		code, stdout, stderr := run(t, t.TempDir(), nil, arguments...)
		if code != 0 || !strings.Contains(stdout, "AUTHTICKETS_DATABASE") {
			t.Errorf("%s: exit code %d: %s%s", arguments, code, stdout, stderr)
		}
	}
}

// The table in docs/settings.md agrees with the help.
func TestSettingsTable(t *testing.T) {
	t.Parallel()

	text, err := os.ReadFile("../../docs/settings.md")
	must(t, err)
	rows := map[string]string{} // the variable, and the default if there is one

	for _, row := range regexp.MustCompile("(?m)^\\| `--([^`]+)` \\| `([A-Z_]+)` \\| "+
		"([^|]*)\\|").FindAllStringSubmatch(string(text), -1) {
		rows[row[1]] = row[2] + " " + strings.Trim(row[3], "` ")
	}

	_, help, _ := run(t, t.TempDir(), nil, "serve", "--help")
	settings := regexp.MustCompile(`(?m)^  +(?:-h, )?--([^ =\n]+)(?:=(\S+))?`).FindAllStringSubmatch(help, -1)
	for _, setting := range settings {
		flag, standard := setting[1], strings.Trim(setting[2], `"`)
		variable := "AUTHTICKETS_" + strings.ToUpper(strings.ReplaceAll(strings.TrimPrefix(flag, "[no-]"), "-", "_"))
		row, ok := rows[flag]
		delete(rows, flag)
		switch {
		case flag == "help":
		case !ok || !strings.HasPrefix(row, variable+" "):
			t.Errorf("no row for --%s and %s: %q", flag, variable, row)
		case strings.ToLower(standard) == standard && standard != "" &&
			row != variable+" "+standard: // placeholders are upper-case
			t.Errorf("--%s: the default is %s, not %q", flag, standard, row)
		}
	}

	if len(settings) < 50 || len(rows) > 0 {
		t.Errorf("%d settings; rows without a setting: %v", len(settings), rows)
	}
}

// The command prints exactly the schema that is served.
func TestSchemaAndVersion(t *testing.T) {
	t.Parallel()

	want, err := os.ReadFile("../../schema.graphqls")
	must(t, err)
	code, stdout, _ := run(t, t.TempDir(), nil, "schema")
	if code != 0 || stdout != string(want) {
		t.Errorf("exit code %d, %d bytes instead of %d", code, len(stdout), len(want))
	}

	code, stdout, _ = run(t, t.TempDir(), nil, "version")
	if code != 0 || !regexp.MustCompile(`^authtickets \S+\n$`).MatchString(stdout) {
		t.Errorf("exit code %d: %q", code, stdout)
	}
}
