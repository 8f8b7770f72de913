package program_test

import (
	"database/sql"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// mysqld is a test's own database server.
type mysqld struct {
	t    testing.TB
	url  string // an empty database, for a user with no other privileges
	root *sql.DB
}

// startMysqld starts a MariaDB server with options. If this machine has none, it returns false; in
// continuous integration the test fails.
func startMysqld(t testing.TB, options ...string) (*mysqld, bool) {
	t.Helper()
	program, install := findProgram("mariadbd"), findProgram("mariadb-install-db")
	if program == "" || install == "" {
		if os.Getenv("CI") == "true" {
			t.Fatal("there is no MariaDB here: run the tests behind test/with-mysql, which installs it")
		}
		return nil, false
	}

	folder, err := os.MkdirTemp("", "authtickets-mysqld-") //nolint:usetesting // a socket's path must be short
	must(t, err)
	t.Cleanup(func() { _ = os.RemoveAll(folder) })
	data := filepath.Join(folder, "data")
	must(t, os.Mkdir(filepath.Join(folder, "tmp"), 0o700))
	// In a common folder, one server would delete the temporary tables of another when it starts.
	common := []string{"--no-defaults", "--datadir=" + data, "--tmpdir=" + filepath.Join(folder, "tmp")}
	if os.Getuid() == 0 {
		common = append(common, "--user=root")
	}

	installing := append(common, "--skip-test-db", "--auth-root-authentication-method=normal")
	created, err := exec.Command(install, installing...).CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, created)
	}

	address := quietAddress(t)
	_, port, _ := net.SplitHostPort(address)
	socket := filepath.Join(folder, "socket")
	arguments := append(common, "--bind-address=127.0.0.1", "--port="+port, "--socket="+socket,
		"--pid-file="+filepath.Join(folder, "pid"), "--log-error="+filepath.Join(folder, "error.log"))
	command := exec.Command(program, append(arguments, options...)...)
	must(t, command.Start())
	t.Cleanup(func() { _ = command.Process.Kill(); _ = command.Wait() })

	root, err := sql.Open("mysql", "root@unix("+socket+")/?multiStatements=true")
	must(t, err)
	t.Cleanup(func() { _ = root.Close() })
	m := &mysqld{t: t, root: root, url: "shop@tcp(" + address + ")/shop"}
	eventually(t, "the database server answers", func() bool { return root.PingContext(t.Context()) == nil })
	m.exec(`SET autocommit = 1; CREATE DATABASE shop; CREATE USER shop@'127.0.0.1'; ` +
		`GRANT ALL ON shop.* TO shop@'127.0.0.1'`)

	return m, true
}

// findProgram returns the path of a program, even if it is not in PATH. It returns nothing if there
// is none.
func findProgram(name string) string {
	if path, err := exec.LookPath(name); err == nil {
		return path
	}

	for _, folder := range []string{"/usr/sbin", "/usr/local/sbin", "/usr/local/bin", "/opt/homebrew/bin"} {
		if path, err := exec.LookPath(filepath.Join(folder, name)); err == nil {
			return path
		}
	}

	return ""
}

// exec runs statements as an administrator.
func (m *mysqld) exec(statements string) {
	m.t.Helper()
	_, err := m.root.ExecContext(m.t.Context(), "SET SESSION TRANSACTION READ WRITE; "+statements)
	must(m.t, err)
}

// reversed returns options that set each default of the server to its opposite.
func reversed() []string {
	return []string{
		"--autocommit=0", "--completion-type=RELEASE",
		"--sql-mode=ANSI_QUOTES,PIPES_AS_CONCAT,NO_BACKSLASH_ESCAPES,IGNORE_SPACE,PAD_CHAR_TO_FULL_LENGTH,NO_ZERO_DATE",
		"--transaction-isolation=SERIALIZABLE", "--transaction-read-only=1",
		"--character-set-server=latin1", "--collation-server=latin1_swedish_ci",
		"--skip-character-set-client-handshake", "--default-time-zone=+05:30",
		"--lower-case-table-names=1", "--explicit-defaults-for-timestamp=0",
		"--innodb-lock-wait-timeout=1", "--lock-wait-timeout=1", "--wait-timeout=1", "--interactive-timeout=1",
		"--max-statement-time=0.2", "--innodb-rollback-on-timeout=1", "--innodb-strict-mode=0",
		"--innodb-flush-log-at-trx-commit=0", "--innodb-autoinc-lock-mode=0", "--auto-increment-increment=7",
		"--log-bin", "--binlog-format=STATEMENT", "--low-priority-updates", "--loose-innodb-snapshot-isolation=1",
		"--old-mode=", "--max-join-size=1", "--query-cache-type=1", "--query-cache-size=1M",
		"--init-connect=SET time_zone = '-03:00', autocommit = 0, sql_mode = ''",
	}
}

// reverse reverses the settings that have no option.
const reverse = `SET GLOBAL unique_checks = 0, GLOBAL foreign_key_checks = 0, GLOBAL sql_safe_updates = 1,
	GLOBAL sql_select_limit = 1, GLOBAL sql_auto_is_null = 1, GLOBAL sql_big_selects = 0,
	GLOBAL idle_transaction_timeout = 1, GLOBAL sql_notes = 0`

// The server works on a database server whose settings are all reversed, because it inherits none
// of them.
func TestReversedSettings(t *testing.T) {
	t.Parallel()

	for _, isolation := range []string{"SERIALIZABLE", "READ-UNCOMMITTED", "READ-COMMITTED"} {
		t.Run(isolation, func(t *testing.T) {
			t.Parallel()

			m, ok := startMysqld(t, append(reversed(), "--transaction-isolation="+isolation)...)
			if !ok {
				return
			}

			m.exec(reverse)
			s := newSite(t, m.url)
			scene := newScene(t, s, s.start())
			time.Sleep(1500 * time.Millisecond) // longer than a connection may be idle

			for name, got := range scene.all() {
				scene.works(name, got)
			}

			for _, name := range []string{"ünïcödé-名前", "o'brien\\", `say"so`} {
				s.customer(name, rightPassword)
				scene.server.signIn(name)
			}

			customer := scene.server.signIn("o'brien\\")
			together(16, func(int) { scene.server.refresh(customer.RefreshToken) })
			for range 3 {
				customer = scene.server.refresh(customer.RefreshToken)
			}

			scene.server.ask(revokeOperation(customer.RefreshToken, true)).sessionsEnded(t)
			expect(t, scene.server.ask(refreshOperation(customer.RefreshToken)), "SIGNED_OUT_EVERYWHERE")
		})
	}
}

// Settings that a connection cannot set for itself are named at the start.
func TestRefusedSettings(t *testing.T) {
	t.Parallel()

	m, ok := startMysqld(t)
	if !ok {
		return
	}

	s := newSite(t, m.url)
	for _, c := range []struct{ name, set, reset string }{
		{"read_only", "SET GLOBAL read_only = 1", "SET GLOBAL read_only = 0"},
		{"max_allowed_packet", "SET GLOBAL max_allowed_packet = 1048576", "SET GLOBAL max_allowed_packet = 16777216"},
	} {
		m.exec(c.set)
		for _, command := range [][]string{{"serve", "--listen=127.0.0.1:0"}, {"migrate"}, {"application", "list"}} {
			p := launch(t, s.folder, s.variables(), command...)
			p.quiet = true
			if code := p.wait(); code != 1 || !strings.Contains(p.stderr.String(), c.name+" is ") {
				t.Errorf("%s, %v: exit code %d: %s", c.name, command, code, p.stderr.String())
			}
		}

		m.exec(c.reset)
	}

	server := s.start()
	server.expectStatus("/readyz", http.StatusOK)
}
