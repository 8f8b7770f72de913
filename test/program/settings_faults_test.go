package program_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

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
