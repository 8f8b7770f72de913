package program_test

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// settingsFile writes a file of settings and returns its name.
func settingsFile(t testing.TB, content string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "settings.yaml")
	must(t, os.WriteFile(file, []byte(content), 0o600))
	return file
}

// One run tells all faults, wherever the settings come from.
func TestAllFaultsAtOnce(t *testing.T) {
	t.Parallel()
	code, stdout, stderr := run(t, t.TempDir(),
		[]string{
			"AUTHTICKETS_ACCESS_LIFETIME=soon", "AUTHTICKETS_PLAYGROUND=perhaps", "AUTHTICKETS_DATABASE_CONNECTIONS=-3", "AUTHTICKETS_LOG_LEVEL=loud",
			"AUTHTICKETS_TRUSTED_PROXIES=10.0.0.0/8,everybody",
		},
		"serve", "--body-limit=many", "--purge-interval=-1s", "--hash-iterations=1", "--listen=nowhere", "--log-format=rhyme",
		"--config="+settingsFile(t, "database-lifetime: eternal\nguesses-per-account: two\norigins: [shop.example]\nbehaviours: [cart.write]\n"))
	if code != 1 || stdout != "" {
		t.Errorf("exit code %d: %s", code, stdout)
	}
	for _, fault := range []string{
		"access-lifetime", "playground", "database-connections", "log-level", "trusted-proxies", "body-limit", "purge-interval", "hash-iterations", "listen",
		"log-format", "database-lifetime", "guesses-per-account", "shop.example", "behaviours",
	} {
		if !strings.Contains(stderr, fault) {
			t.Errorf("not a word about %s: %s", fault, stderr)
		}
	}
}

// Each fault is told, by the name of the setting.
func TestFaults(t *testing.T) {
	t.Parallel()
	// Those of a line can stand together.
	for _, flags := range [][]string{
		{
			"--access-lifetime=0s", "--refresh-lifetime=-1h", "--anonymous-refresh-lifetime=0s", "--session-lifetime=0s", "--reuse-window=-1s", "--lockout=-1s", "--guess-window=0s",
			"--guesses-per-source=0", "--guesses-of-source=0", "--guesses-per-account=0", "--behaviors=white space", "--listen=8080", "--origins=shop.example", "--trusted-proxies=10.0.0.0",
			"--body-limit=0", "--request-timeout=0s", "--shutdown-delay=-1s", "--shutdown-wait=0s", "--purge-interval=0s", "--database-connections=0", "--database-lifetime=0s",
			"--database-connect-wait=0s", "--database-statement-wait=0s", "--database=postgres://host/name", "--log-level=loud", "--log-format=xml",
		},
		{"--access-lifetime=15", "--playground=2", "--database-connections=many", "--body-limit=1MB"},
		{"--access-lifetime=1000h", "--guesses-per-account=5", "--origins=https://shop.example/"},
		{"--reuse-window=1h"},
		{"--demo", "--listen=0.0.0.0:0"},
		{"--database-file=/nothing"},
		{"--unknown=1"},
		{"--config=/nothing"},
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
			if strings.HasPrefix(name, "--hash-") { // some are faults of several together
				about = "--hash-"
			}
			if !strings.Contains(stderr, about) && (name != "--config" || !strings.Contains(stderr, value)) {
				t.Errorf("not a word about %s: %s", flag, stderr)
			}
		}
	}
}

// A setting is taken from the first of these that has it: flag, variable, file, default.
func TestPrecedence(t *testing.T) {
	t.Parallel()
	file := settingsFile(t, "access-lifetime: 300s\nrefresh-lifetime: 400h\nbehaviors: [from.file, and.more]\nplayground: false\n")
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
		server := serving(launch(t, t.TempDir(), test.variables, append([]string{"serve", "--listen=127.0.0.1:0"}, test.flags...)...))
		raw := server.anonymous().raw
		if got := lifetimes.FindStringSubmatch(raw); len(got) < 2 || got[1] != test.want {
			t.Errorf("%s %s: want %s, got %s", test.variables, test.flags, test.want, raw)
		}
		if fromFile := test.want != "900"; strings.Contains(raw, `"behaviors":["from.file","and.more"]`) != fromFile {
			t.Errorf("%s %s: %s", test.variables, test.flags, raw)
		}
	}
}

// The help tells every setting, each with its variable.
func TestHelp(t *testing.T) {
	t.Parallel()
	code, help, stderr := run(t, t.TempDir(), nil, "serve", "--help")
	if code != 0 || stderr != "" {
		t.Errorf("exit code %d: %s", code, stderr)
	}
	help = strings.Join(strings.Fields(help), " ")
	// Source of truth: every exported field of the settings that is a flag.
	var settings []string
	for _, file := range []string{"../../serve.go", "../../command/settings.go"} {
		code, err := os.ReadFile(file)
		must(t, err)
		for _, field := range regexp.MustCompile("(?m)^\t([A-Z][A-Za-z]+) +[a-zA-Z.\\[\\]0-9]+ +`[^`]*help:").FindAllStringSubmatch(string(code), -1) {
			words := regexp.MustCompile(`[A-Z][a-z]*`).FindAllString(field[1], -1)
			settings = append(settings, strings.ToLower(strings.Join(words, "-")))
		}
	}
	if len(settings) < 35 || !slices.Contains(settings, "database-statement-wait") {
		t.Fatalf("not the settings: %s", settings)
	}
	for _, setting := range settings {
		variable := "AUTHTICKETS_" + strings.ToUpper(strings.ReplaceAll(setting, "-", "_"))
		if !regexp.MustCompile(`--(\[no-\])?`+setting+`[= ]`).MatchString(help) || !strings.Contains(help, "($"+variable+")") {
			t.Errorf("--help does not tell --%s and $%s", setting, variable)
		}
	}
	if !strings.Contains(help, "AUTHTICKETS_KEYSET") {
		t.Error("--help does not tell AUTHTICKETS_KEYSET")
	}
	for _, arguments := range [][]string{{"--help"}, {"migrate", "--help"}, {"keys", "create", "--help"}} {
		code, stdout, stderr := run(t, t.TempDir(), nil, arguments...)
		if code != 0 || !strings.Contains(stdout, "AUTHTICKETS_DATABASE") {
			t.Errorf("%s: exit code %d: %s%s", arguments, code, stdout, stderr)
		}
	}
}

// The schema that is printed is the one that is served, to the letter.
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

// However a database is written, and whatever is wrong with it, its password is never shown.
func TestDatabasePasswordIsNotShown(t *testing.T) {
	t.Parallel()
	const secret = "hunter5b7f2c"
	written := []string{
		"mysql://user:" + secret + "@127.0.0.1:1/name", "user:" + secret + "@tcp(127.0.0.1:1)/name",
		"mysql://user:" + secret + "@127.0.0.1:none/name", "user:" + secret + "@tcp(127.0.0.1:1/name", "user:" + secret + "@tcp(127.0.0.1:1)/", "user:" + secret + "@127.0.0.1/name",
		"mysql://user:" + secret + "@127.0.0.1:1", "postgres://user:" + secret + "@127.0.0.1/name", "mysql://user:" + secret + "%zz@127.0.0.1/name", secret,
		"user:" + secret + "@tcp(127.0.0.1:1)/name?timeout=" + secret, "user:" + secret + "@tcp(127.0.0.1:1)/name?tls=" + secret, "user:" + secret + "@" + secret + "(127.0.0.1:1)/name",
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
			sources = append(sources, "AUTHTICKETS_DATABASE_FILE="+file, "AUTHTICKETS_CONFIG="+settingsFile(t, "database: "+url), "AUTHTICKETS_CONFIG="+file)
		}
		for _, variable := range sources {
			code, stdout, stderr := run(t, folder, []string{variable, key, "AUTHTICKETS_LOG_LEVEL=debug"}, "migrate")
			if said := stdout + stderr; code != 1 || strings.Contains(said, secret) || said == "" {
				t.Errorf("%d %s: exit code %d: %s", i, variable, code, said)
			}
		}
	}
	server := launch(t, folder, []string{"AUTHTICKETS_DATABASE=" + written[0], key, "AUTHTICKETS_LOG_LEVEL=debug"}, "serve", "--listen=127.0.0.1:0")
	eventually(t, "the server waits for its database", func() bool { return server.stderr.count("does not answer") > 0 })
	if strings.Contains(server.stderr.String(), secret) {
		t.Error(server.stderr.String())
	}
}
