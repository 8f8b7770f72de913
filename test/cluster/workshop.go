package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// workshop is the temporary folder with everything that the trials share.
type workshop struct {
	folder   string
	programs programs
	// server is the program under test, and keys its master key.
	server, keys string
	// data is a data directory of MariaDB with the schema and the customers.
	data string
}

const (
	customerCount    = 24
	customerPassword = "correct horse battery staple"
)

// cheapHashes keep sign-ins from using up a small machine.
func cheapHashes() []string { return []string{"--hash-memory=7168", "--hash-iterations=5"} }

func customers() []string {
	var names []string
	for i := range customerCount {
		names = append(names, fmt.Sprintf("customer%d", i))
	}
	return names
}

// build builds the server into a folder, from the module in which this program runs.
func build(ctx context.Context, folder string) error {
	_, err := run(ctx, "go", "build", "-buildvcs=false", "-o", filepath.Join(folder, "authtickets"),
		"github.com/authtickets/authtickets")
	return err
}

// newWorkshop prepares a folder that already holds the server. The data is from a node that was
// alone in its cluster, so that a cluster can begin with copies of it.
func newWorkshop(ctx context.Context, folder string, found programs) (*workshop, error) {
	w := &workshop{
		folder:   folder,
		programs: found,
		server:   filepath.Join(folder, "authtickets"),
		keys:     filepath.Join(folder, "keys.json"),
	}
	if _, err := run(ctx, w.server, "keys", "create", w.keys); err != nil {
		return nil, err
	}

	empty := filepath.Join(folder, "empty")
	arguments := []string{
		"--no-defaults", "--skip-test-db", "--skip-name-resolve", smallLog,
		"--datadir=" + empty, "--tmpdir=" + folder,
	}
	if os.Geteuid() == 0 {
		arguments = append(arguments, "--user=root")
	}
	if _, err := run(ctx, found.install, arguments...); err != nil {
		return nil, err
	}
	defer os.RemoveAll(empty) //nolint:errcheck // the whole folder is removed at the end

	if err := w.fill(ctx, empty); err != nil {
		return nil, err
	}

	w.data = filepath.Join(folder, "first", "data")
	return w, w.forget("auto.cnf", "galera.cache", "gvwstate.dat")
}

// fill creates the schema and the customers.
func (w *workshop) fill(ctx context.Context, empty string) error {
	n := onLoopback()
	var options, first []string
	if w.programs.provider != "" {
		options, first = clusterOptions(w.programs, n.hosts[:1], 0), []string{"--wsrep-new-cluster"}
	}

	d, err := newDatabase(w.programs, n.hosts[0], filepath.Join(w.folder, "first"), empty, options...)
	if err != nil {
		return err
	}
	defer d.close()

	users := filepath.Join(w.folder, "users.sql")
	statements := fmt.Sprintf("CREATE USER '%[1]s'@'%%';\nGRANT ALL PRIVILEGES ON *.* TO '%[1]s'@'%%';\n"+
		"CREATE DATABASE %[2]s;\n", databaseUser, databaseName)
	if err := os.WriteFile(users, []byte(statements), 0o600); err != nil {
		return err
	}
	if err := d.start(ctx, append(first, "--init-file="+users)...); err != nil {
		return err
	}

	var rows strings.Builder
	for _, name := range customers() {
		fmt.Fprintf(&rows, "{\"userName\":%q,\"password\":%q}\n", name, customerPassword)
	}

	file := filepath.Join(w.folder, "customers.jsonl")
	if err := os.WriteFile(file, []byte(rows.String()), 0o600); err != nil {
		return err
	}
	if _, err := run(ctx, w.server, "migrate", "--database="+d.url()); err != nil {
		return err
	}

	arguments := append([]string{"account", "import", file, "--database=" + d.url()}, cheapHashes()...)
	if _, err := run(ctx, w.server, arguments...); err != nil {
		return err
	}

	return d.stop()
}

// forget removes from the data what belongs to the server that made it.
func (w *workshop) forget(files ...string) error {
	for _, file := range files {
		if err := os.RemoveAll(filepath.Join(w.data, file)); err != nil {
			return err
		}
	}
	return nil
}
