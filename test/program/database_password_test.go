package program_test

import (
	"path/filepath"
	"strings"
	"testing"
)

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
