package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"github.com/go-sql-driver/mysql"
)

// database is a MariaDB server with its data directory.
type database struct {
	on       host
	programs programs
	// folder holds the data and the log.
	folder string
	// options are used at every start.
	options []string

	process *process
	handle  *sql.DB
}

const (
	databaseUser = "authtickets"
	databaseName = "authtickets"
	databasePort = 3306
)

// newDatabase returns a server with a copy of some data. It is not started yet.
func newDatabase(found programs, on host, folder, data string, options ...string) (*database, error) {
	d := &database{on: on, programs: found, folder: folder, options: options}
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return nil, err
	}
	if err := os.CopyFS(d.data(), os.DirFS(data)); err != nil {
		return nil, err
	}

	config := mysql.NewConfig()
	config.User, config.Net, config.Addr = databaseUser, "tcp", d.address()
	config.Timeout, config.ReadTimeout = time.Second, 10*time.Second
	connector, err := mysql.NewConnector(config)
	if err != nil {
		return nil, err
	}

	d.handle = sql.OpenDB(connector)
	d.handle.SetMaxIdleConns(0) // the server is often down
	return d, nil
}

func (d *database) data() string    { return filepath.Join(d.folder, "data") }
func (d *database) log() string     { return filepath.Join(d.folder, "log") }
func (d *database) address() string { return fmt.Sprintf("%s:%d", d.on.front, databasePort) }

// url is the address of the database, as our server's settings write it.
func (d *database) url() string { return urlOf(d.address()) }

func urlOf(address string) string {
	return fmt.Sprintf("%s@tcp(%s)/%s", databaseUser, address, databaseName)
}

// start starts the server, and returns once it answers. The server is as durable as in production,
// and ignores this machine's configuration.
func (d *database) start(ctx context.Context, more ...string) error {
	if err := d.launch(more...); err != nil {
		return err
	}
	return d.answers(ctx)
}

func (d *database) launch(more ...string) error {
	arguments := append(d.basic(),
		"--bind-address="+d.on.front, fmt.Sprintf("--port=%d", databasePort), "--skip-name-resolve",
		"--innodb-flush-log-at-trx-commit=1", "--max-connections=200", "--loose-mysqlx=OFF")
	arguments = append(append(arguments, d.options...), more...)

	variables := []string{"PATH=" + filepath.Dir(d.folder) + ":" + os.Getenv("PATH")}
	var err error
	d.process, err = launch(d.on, d.log(), variables, d.programs.server, arguments...)
	return err
}

// basic returns the options that say where the server's files are.
func (d *database) basic() []string {
	basic := []string{
		"--no-defaults", smallLog, "--datadir=" + d.data(), "--socket=" + filepath.Join(d.folder, "socket"),
		"--pid-file=" + filepath.Join(d.folder, "pid"), "--tmpdir=" + d.folder,
	}
	if os.Geteuid() == 0 { // it refuses to run as root unless told to
		basic = append(basic, "--user=root")
	}
	return basic
}

// smallLog makes copies of the data smaller.
const smallLog = "--innodb-log-file-size=16M"

const startPatience = 30 * time.Second

var errStopped = errors.New("it has stopped")

// answers waits until the server answers statements.
func (d *database) answers(ctx context.Context) error {
	err := eventually(ctx, startPatience, func(ctx context.Context) error {
		if !d.process.isRunning() {
			return errStopped
		}
		// This statement fails on a node that has lost its cluster.
		_, err := d.handle.ExecContext(ctx, "SELECT user FROM mysql.user LIMIT 1")
		return err
	})
	if err != nil {
		return fmt.Errorf("the database of %s does not answer: %w:\n%s", d.on.name, err, tailOf(d.log()))
	}
	return nil
}

// stop shuts the server down in an orderly way.
func (d *database) stop() error {
	if err := d.process.signal(syscall.SIGTERM); err != nil {
		return err
	}

	select {
	case <-d.process.ended:
		return nil
	case <-time.After(startPatience):
		return fmt.Errorf("the database of %s does not stop: %w", d.on.name, errNever)
	}
}

// close kills the server if it runs.
func (d *database) close() {
	_ = d.handle.Close()
	if d.process != nil {
		d.process.kill()
	}
}

func (d *database) exec(ctx context.Context, statement string) error {
	if _, err := d.handle.ExecContext(ctx, statement); err != nil {
		return fmt.Errorf("%s: %w", d.on.name, err)
	}
	return nil
}
