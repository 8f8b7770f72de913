package program_test

import (
	"net/http"
	"os"
	"path/filepath"
	"regexp"
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
