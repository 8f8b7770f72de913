package program_test

import (
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// settingsFile writes a settings file and returns its name.
func settingsFile(t testing.TB, content string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "settings.yaml")
	must(t, os.WriteFile(file, []byte(content), 0o600))
	return file
}

// One run reports the faults of all settings, whether they come from flags, variables or a file.
func TestAllFaultsAtOnce(t *testing.T) {
	t.Parallel()

	keys := filepath.Join(t.TempDir(), "keys.json")
	must(t, os.WriteFile(keys, []byte(keyset("AesSivKey", pattern())), 0o600))
	code, stdout, stderr := run(
		t,
		t.TempDir(),
		[]string{
			"AUTHTICKETS_KEYS=" + keys,
			"AUTHTICKETS_ACCESS_LIFETIME=soon", "AUTHTICKETS_PLAYGROUND=perhaps",
			"AUTHTICKETS_DATABASE_CONNECTIONS=-3", "AUTHTICKETS_LOG_LEVEL=loud",
			"AUTHTICKETS_TRUSTED_PROXIES=10.0.0.0/8,everybody",
		},
		"serve",
		"--unknown=1",
		"--body-limit=many",
		"--misspelt",
		"7",
		"--wrong",
		"--purge-interval=-1s",
		"--hash-iterations=1",
		"--listen=nowhere",
		"--log-format=rhyme",
		"--origins",
		"--config="+settingsFile(
			t,
			"database-lifetime: eternal\nguesses-per-account: two\norigins: [shop.example]\nbehaviours: [cart.write]\n",
		),
	)
	if code != 1 || stdout != "" {
		t.Errorf("exit code %d: %s", code, stdout)
	}

	for _, fault := range []string{
		"access-lifetime", "playground", "database-connections", "log-level", "trusted-proxies", "body-limit",
		"purge-interval", "hash-iterations", "listen",
		"log-format", "database-lifetime", "guesses-per-account", "shop.example", "behaviours", "--unknown",
		"--misspelt", "--wrong", "--origins: expected", "weak key",
	} {
		if !strings.Contains(stderr, fault) {
			t.Errorf("nothing is reported about %s: %s", fault, stderr)
		}
	}

	if strings.Contains(stderr, "unexpected argument") {
		t.Errorf("the value of an unknown flag is reported as an argument: %s", stderr)
	}
}

// A key file that cannot be used is reported together with the other faults, and no key file is
// made.
func TestKeyFaultsWithOthers(t *testing.T) {
	t.Parallel()

	file := func(content string, mode os.FileMode) string {
		name := filepath.Join(t.TempDir(), "keys.json")
		must(t, os.WriteFile(name, []byte(content), 0o600))
		must(t, os.Chmod(name, mode))
		return name
	}

	good := keyset("AesSivKey", material(64))
	folder := t.TempDir()
	for want, variables := range map[string][]string{
		"no such file":           {"AUTHTICKETS_KEYS=" + filepath.Join(folder, "none")},
		"weak key":               {"AUTHTICKETS_KEYS=" + file(keyset("AesSivKey", pattern()), 0o600)},
		"not a keyset":           {"AUTHTICKETS_KEYSET=nonsense"},
		"KEYSET and --keys: set": {"AUTHTICKETS_KEYSET=" + good, "AUTHTICKETS_KEYS=" + file(good, 0o600)},
		"can be read by others":  {"AUTHTICKETS_KEYS=" + file(good, 0o644)},
		"authtickets keys creat": {unreachable},
		"--listen":               nil, // the embedded database makes its own keys
		"--database-file":        {"AUTHTICKETS_DATABASE_FILE=" + filepath.Join(folder, "none")},
	} {
		code, _, stderr := run(t, folder, variables, "serve", "--listen=nowhere", "--unknown")
		if code != 1 || !strings.Contains(stderr, want) || !strings.Contains(stderr, "--listen: ") ||
			!strings.Contains(stderr, "--unknown") {
			t.Errorf("%s: exit code %d: %s", want, code, stderr)
		}
		if about := strings.Count(stderr, "key"); (variables == nil) != (about == 0) && want != "--database-file" {
			t.Errorf("%s: %s", want, stderr)
		}
	}

	if left, err := os.ReadDir(folder); err != nil || len(left) > 0 {
		t.Errorf("left behind: %v %v", left, err)
	}
}

// An unknown command is reported alone, because nobody knows what its flags mean.
func TestUnknownCommand(t *testing.T) {
	t.Parallel()

	for _, arguments := range [][]string{
		{"accounts", "show", "ada"},
		{"serve", "more"},
		{"migrate", "--log-level=loud", "now"},
		{"keys", "delete", "x"},
	} {
		code, stdout, stderr := run(t, t.TempDir(), nil, arguments...)
		if code != 1 || stdout != "" || strings.Count(stderr, "\n") != 1 ||
			!strings.Contains(stderr, "unexpected argument") {
			t.Errorf("%s: exit code %d: %s%s", arguments, code, stdout, stderr)
		}
	}
}

// An empty variable counts as not set, because compose files make such variables from ${X:-}. So
// does an empty key in the file.
func TestEmptyIsNotSet(t *testing.T) {
	t.Parallel()

	_, help, _ := run(t, t.TempDir(), nil, "serve", "--help")
	var empty []string
	var keys strings.Builder

	for i, variable := range regexp.MustCompile(`AUTHTICKETS_[A-Z_]+`).FindAllString(help, -1) {
		empty = append(empty, variable+"=")
		if key := strings.ToLower(strings.ReplaceAll(strings.TrimPrefix(variable, "AUTHTICKETS_"), "_",
			"-")); key != "keyset" &&
			key != "config" {
			keys.WriteString(key + ":" + []string{"", " null", " ~", ` ""`, " []", " [null]"}[i%6] + "\n")
		}
	}

	if len(empty) < 50 {
		t.Fatalf("not the variables: %s", empty)
	}

	for name, sources := range map[string]struct {
		variables []string
		flags     []string
	}{
		"variables":     {empty, []string{"--listen=127.0.0.1:0"}},
		"a file":        {nil, []string{"--listen=127.0.0.1:0", "--config=" + settingsFile(t, keys.String())}},
		"an empty file": {nil, []string{"--listen=127.0.0.1:0", "--config=" + settingsFile(t, "")}},
		"variables before": {
			[]string{"AUTHTICKETS_LISTEN=", "AUTHTICKETS_ORIGINS="},
			[]string{"--config=" + settingsFile(t, "listen: 127.0.0.1:0\norigins: [null, https://shop.example]\n")},
		},
	} {
		folder := t.TempDir()
		server := serving(launch(t, folder, sources.variables, append([]string{"serve"}, sources.flags...)...))
		if got := server.anonymous().raw; !strings.Contains(got, `"accessTokenLifetime":900`) ||
			!strings.Contains(got, `"behaviors":[]`) {
			t.Errorf("%s: %s", name, got)
		}

		server.expectStatus("/", http.StatusOK)
		files, err := os.ReadDir(folder)
		if err != nil || len(files) != 1 || files[0].Name() != "data" {
			t.Errorf("%s: files %v %v", name, files, err)
		}
	}
}

// An origin must be written as browsers write it, or it would never match. A star means all
// origins, and is not allowed within one.
func TestOrigins(t *testing.T) {
	t.Parallel()

	good := []string{
		"*", "https://shop.example", "http://localhost:3000", "https://shop.example:80",
		"http://shop.example:443", "https://xn--mnchen-3ya.example", "http://[::1]:3000", "http://[::80]",
		"capacitor://localhost", "chrome-extension://abcdefghijklmnop",
	}
	bad := []string{
		"https://*", "https://*.shop.example", "http*://shop.example", "https://Shop.example",
		"HTTPS://shop.example", "https://shop.example:443", "http://shop.example:80",
		"http://[::1]:80", "https://shop.example:", "https://shop.example:0443", "https://shop.example:*",
		"https://shop.example/", "https://shop.example?", "https://user@shop.example",
		"https://münchen.example", "https://", "shop.example", "//shop.example", "null",
		"https://shop.example https://www.shop.example",
	}

	code, _, stderr := run(
		t, t.TempDir(), nil, "serve", "--listen=127.0.0.1:0",
		"--origins="+strings.Join(append(good, bad...), ","),
	)
	if code != 1 || strings.Count(stderr, "--origins: ") != len(bad) {
		t.Errorf("exit code %d: %s", code, stderr)
	}

	for _, origin := range bad {
		if !strings.Contains(stderr, `"`+origin+`" is not an origin`) {
			t.Errorf("%s is accepted as an origin", origin)
		}
	}
}

// There is no flag for a password, because everybody on the machine can see flags.
func TestDatabasePasswordIsNoFlag(t *testing.T) {
	t.Parallel()

	const secret = "hunter5b7f2c"
	folder := t.TempDir()
	for _, url := range []string{
		"mysql://user:" + secret + "@127.0.0.1:1/name", "user:" + secret + "@tcp(127.0.0.1:1)/name",
		"mysql://:" + secret + "@127.0.0.1/name", "user:a://b@" + secret + "@tcp(127.0.0.1:1)/name",
		"postgres://user:" + secret + "@127.0.0.1/name",
	} {
		for _, arguments := range [][]string{
			{"migrate", "--database=" + url},
			{"migrate", "--database", url},
			{"--database=" + url, "serve", "--listen=nowhere"},
		} {
			code, stdout, stderr := run(t, folder, nil, arguments...)
			if code != 1 || !strings.Contains(stderr, "AUTHTICKETS_DATABASE") ||
				!strings.Contains(stderr, "--database-file") ||
				strings.Contains(stdout+stderr, secret) {
				t.Errorf("%s: exit code %d: %s%s", arguments, code, stdout, stderr)
			}
		}
	}

	for _, url := range []string{
		"mysql://user@127.0.0.1:1/name", "user@tcp(127.0.0.1:1)/name", "user:@tcp(127.0.0.1:1)/name",
		"mysql://127.0.0.1:1/name",
	} {
		code, _, stderr := run(t, folder, nil, "migrate", "--database="+url)
		if code != 1 || strings.Contains(stderr, "password in a flag") || !strings.Contains(stderr, "127.0.0.1:1") {
			t.Errorf("%s: exit code %d: %s", url, code, stderr)
		}
	}

	code, _, stderr := run(t, folder, nil, "migrate", "--database=sqlite://"+filepath.Join(folder, "a:b@c.db"))
	if code != 0 {
		t.Error(stderr)
	}
}

// Each fault is reported with the name of the setting.
func TestFaults(t *testing.T) {
	t.Parallel()

	// The settings of a line can be used together.
	for _, flags := range [][]string{
		{
			"--access-lifetime=0s", "--refresh-lifetime=-1h", "--anonymous-refresh-lifetime=0s",
			"--session-lifetime=0s", "--reuse-window=-1s", "--lockout=-1s", "--guess-window=0s",
			"--guesses-per-source=0", "--guesses-of-source=0", "--guesses-per-account=0",
			"--behaviors=white space", "--listen=8080", "--origins=shop.example", "--trusted-proxies=10.0.0.0",
			"--body-limit=0", "--request-timeout=0s", "--shutdown-delay=-1s", "--shutdown-wait=0s",
			"--purge-interval=0s", "--key-check-interval=0s", "--database-connections=0",
			"--database-lifetime=0s",
			"--database-connect-wait=0s", "--database-statement-wait=0s", "--database=postgres://host/name",
			"--log-level=loud", "--log-format=xml",
		},
		{"--access-lifetime=15", "--playground=2", "--database-connections=many", "--body-limit=1MB"},
		{"--access-lifetime=1000h", "--guesses-per-account=5", "--origins=https://shop.example/"},
		{"--reuse-window=1h"},
		{"--demo", "--listen=0.0.0.0:0"},
		{"--operations-only", "--federation"},
		{"--database-file=/nothing"},
		{"--unknown=1"},
		{"--config=/nothing"},
		{"--signing-key-notice=1s", "--database-authority=/nothing"},
		{"--key-rotation=24h", "--signing-key-notice=25h"},
		{"--hash-memory=1"},
		{"--hash-iterations=0"},
		{"--hash-parallelism=99"},
		{"--hash-concurrent=-1"},
		{"--hash-wait=-1s"},
	} {
		code, stdout, stderr := run(t, t.TempDir(), nil, append([]string{"serve", "--listen=127.0.0.1:0"}, flags...)...)
		if code != 1 || stdout != "" {
			t.Errorf("%s: exit code %d: %s%s", flags, code, stdout, stderr)
		}

		for _, flag := range flags {
			name, value, _ := strings.Cut(flag, "=")
			about := name
			if strings.HasPrefix(name, "--hash-") { // some faults concern several settings
				about = "--hash-"
			}
			if !strings.Contains(stderr, about) && (name != "--config" || !strings.Contains(stderr, value)) {
				t.Errorf("nothing is reported about %s: %s", flag, stderr)
			}
		}
	}
}

// A setting comes from the first of these that has it: flag, variable, file, default.
func TestPrecedence(t *testing.T) {
	t.Parallel()

	file := settingsFile(
		t,
		"access-lifetime: 300s\nrefresh-lifetime: 400h\nbehaviors: [from.file, and.more]\nplayground: false\n",
	)
	lifetimes := regexp.MustCompile(`"accessTokenLifetime":(\d+)`)
	for _, test := range []struct {
		variables, flags []string
		want             string
	}{
		{nil, nil, "900"},
		{[]string{"AUTHTICKETS_CONFIG=" + file}, nil, "300"},
		{nil, []string{"--config=" + file}, "300"},
		{[]string{"AUTHTICKETS_CONFIG=" + file, "AUTHTICKETS_ACCESS_LIFETIME=200s"}, nil, "200"},
		{[]string{"AUTHTICKETS_ACCESS_LIFETIME=200s"}, []string{"--config=" + file}, "200"},
		{[]string{"AUTHTICKETS_ACCESS_LIFETIME=200s"}, []string{"--config=" + file, "--access-lifetime=100s"}, "100"},
		{[]string{"AUTHTICKETS_CONFIG=/nothing"}, []string{"--config=" + file}, "300"},
	} {
		server := serving(
			launch(t, t.TempDir(), test.variables, append([]string{"serve", "--listen=127.0.0.1:0"}, test.flags...)...),
		)
		raw := server.anonymous().raw
		if got := lifetimes.FindStringSubmatch(raw); len(got) < 2 || got[1] != test.want {
			t.Errorf("%s %s: want %s, got %s", test.variables, test.flags, test.want, raw)
		}
		if fromFile := test.want != "900"; strings.Contains(raw, `"behaviors":["from.file","and.more"]`) != fromFile {
			t.Errorf("%s %s: %s", test.variables, test.flags, raw)
		}
	}
}

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

// The password of a database is never shown, however it is written and whatever is wrong with it.
func TestDatabasePasswordIsNotShown(t *testing.T) {
	t.Parallel()

	const secret = "hunter5b7f2c"
	written := []string{
		"mysql://user:" + secret + "@127.0.0.1:1/name", "user:" + secret + "@tcp(127.0.0.1:1)/name",
		"mysql://user:" + secret + "@127.0.0.1:none/name", "user:" + secret + "@tcp(127.0.0.1:1/name",
		"user:" + secret + "@tcp(127.0.0.1:1)/", "user:" + secret + "@127.0.0.1/name",
		"mysql://user:" + secret + "@127.0.0.1:1", "postgres://user:" + secret + "@127.0.0.1/name",
		"mysql://user:" + secret + "%zz@127.0.0.1/name", secret,
		"user:" + secret + "@tcp(127.0.0.1:1)/name?timeout=" + secret,
		"user:" + secret + "@tcp(127.0.0.1:1)/name?tls=" + secret,
		"user:" + secret + "@" + secret + "(127.0.0.1:1)/name",
		"mysql://user:" + secret + "/@127.0.0.1:1/name",
	}

	folder := t.TempDir()
	key := "AUTHTICKETS_KEYS=" + filepath.Join(folder, "keys.json")
	if code, _, stderr := run(t, folder, nil, "keys", "create", "keys.json"); code != 0 {
		t.Fatal(stderr)
	}

	for i, url := range written {
		file := settingsFile(t, url+"\n")
		sources := []string{"AUTHTICKETS_DATABASE=" + url}
		if i%7 == 0 {
			sources = append(
				sources,
				"AUTHTICKETS_DATABASE_FILE="+file,
				"AUTHTICKETS_CONFIG="+settingsFile(t, "database: "+url),
				"AUTHTICKETS_CONFIG="+file,
			)
		}

		for _, variable := range sources {
			code, stdout, stderr := run(t, folder, []string{variable, key, "AUTHTICKETS_LOG_LEVEL=debug"}, "migrate")
			if output := stdout + stderr; code != 1 || strings.Contains(output, secret) || output == "" {
				t.Errorf("%d %s: exit code %d: %s", i, variable, code, output)
			}
		}
	}

	server := launch(
		t,
		folder,
		[]string{"AUTHTICKETS_DATABASE=" + written[0], key, "AUTHTICKETS_LOG_LEVEL=debug"},
		"serve",
		"--listen=127.0.0.1:0",
	)

	eventually(
		t,
		"the server waits for its database",
		func() bool { return server.stderr.count("does not answer") > 0 },
	)
	if strings.Contains(server.stderr.String(), secret) {
		t.Error(server.stderr.String())
	}
}
