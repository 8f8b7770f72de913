package program_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/authtickets/authtickets/seal"
)

// The server accepts a key file of root that its group may read, because platforms mount such
// files. It refuses a key file that everybody may read, and the message says what to do.
func TestKeyFileModes(t *testing.T) {
	t.Parallel()

	const user = 65532
	folder, program := asUser(t, user)
	keys := filepath.Join(folder, "keys.json")
	must(t, seal.CreateFile(keys))
	must(t, os.Chown(keys, 0, user))

	// --listen is wrong, so that the server stops and prints all faults of its settings.
	faults := func(mode os.FileMode) string {
		must(t, os.Chmod(keys, mode))
		arguments := []string{"serve", "--listen=nowhere", "--keys=" + keys, "--data=" + filepath.Join(folder, "data")}
		p := launchCommand(t, commandOf(program, user, arguments...), folder, nil)
		p.quiet = true
		p.wait()

		return p.stderr.String()
	}

	for _, mode := range []os.FileMode{0o440, 0o640} {
		if stderr := faults(mode); !strings.Contains(stderr, "--listen") || strings.Contains(stderr, "key file") {
			t.Errorf("%v: %s", mode, stderr)
		}
	}

	for _, mode := range []os.FileMode{0o444, 0o644, 0o660} {
		stderr := faults(mode)
		if !strings.Contains(stderr, "chmod 600") || !strings.Contains(stderr, "AUTHTICKETS_KEYSET") {
			t.Errorf("%v: %s", mode, stderr)
		}
	}
}

// asUser returns a folder of another user, and the program in it. Only root can run it as that
// user. For others the test is skipped; in CI it fails.
func asUser(t testing.TB, user int) (folder, program string) {
	t.Helper()
	const rootOnly = "only root can run the server as another user"
	switch {
	case os.Geteuid() == 0:
	case os.Getenv("CI") == "true":
		t.Fatal(rootOnly)
	default:
		t.Skip(rootOnly)
	}

	folder, err := os.MkdirTemp("", "authtickets-user-") //nolint:usetesting // the other user must reach it
	must(t, err)
	t.Cleanup(func() { _ = os.RemoveAll(folder) })
	must(t, os.Chown(folder, user, user))
	program = filepath.Join(folder, "program")
	binary, err := os.ReadFile(executable)
	must(t, err)
	must(t, os.WriteFile(program, binary, 0o755))

	return folder, program
}

// commandOf returns a command that runs as another user.
func commandOf(program string, user uint32, arguments ...string) *exec.Cmd {
	command := exec.Command(program, arguments...)
	command.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: user, Gid: user}}
	return command
}
