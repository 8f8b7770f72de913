package main

import (
	"context"
	"crypto/rand"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/go-sql-driver/mysql"

	"github.com/authtickets/authtickets/models"
	"github.com/authtickets/authtickets/password"
	"github.com/authtickets/authtickets/secret"
	"github.com/authtickets/authtickets/storage"
)

const sqliteScheme = "sqlite://"

func embedded(url string) bool { return strings.HasPrefix(url, sqliteScheme) }

// behaviors are the behaviors of every ticket.
var behaviors = []string{"cart.write", "catalog.read", "order.write"}

// server is the running product, with a database of its own.
type server struct {
	*process

	address  string
	database string
}

// startServer starts the server on a MySQL database, or on a new embedded one if dsn is empty. It
// returns when the server has issued a ticket. more are environment variables.
func (b *bench) startServer(ctx context.Context, dsn string, more ...string) (*server, error) {
	directory, err := os.MkdirTemp(b.directory, "server-")
	if err != nil {
		return nil, err
	}

	database := dsn
	variables := append(environment("AUTHTICKETS_DATA="+directory), more...)
	if dsn == "" {
		database = sqliteScheme + filepath.Join(directory, "authtickets.db")
	} else {
		keys := filepath.Join(directory, "keys.json")
		if err := exec.CommandContext(ctx, b.program, "keys", "create", keys).Run(); err != nil {
			return nil, fmt.Errorf("make a key: %w", err)
		}

		variables = append(variables, "AUTHTICKETS_DATABASE="+dsn, "AUTHTICKETS_KEYS="+keys)
	}

	p, err := start(ctx, directory, variables, b.program,
		"serve", "--migrate", "--listen=127.0.0.1:0", "--shutdown-delay=0s",
		"--behaviors="+strings.Join(behaviors, ","),
		"--rows-per-source=1000000") // all shoppers come from one address
	if err != nil {
		return nil, err
	}

	s := &server{process: p, database: database}
	if err := s.greeted(); err != nil {
		s.end()
		return nil, err
	}

	return s, nil
}

// greeted waits until the server reports its address, and then until it issues a ticket.
func (s *server) greeted() error {
	greeting, err := s.line()
	if err != nil {
		return err
	}

	_, address, _ := strings.Cut(greeting, "http://")
	s.address, _, _ = strings.Cut(address, "/")
	go func() { _, _ = io.Copy(io.Discard, s.stdout) }()
	c, err := connect(s.address)
	if err != nil {
		return err
	}

	_, err = c.ask(askAnonymousTicket, nil)
	return errors.Join(err, c.socket.Close())
}

// newMySQL creates a database on the test server. The returned function drops it.
func (b *bench) newMySQL(ctx context.Context) (string, func() error, error) {
	config, err := mysql.ParseDSN(os.Getenv("AUTHTICKETS_TEST_MYSQL"))
	if err != nil {
		return "", nil, fmt.Errorf("AUTHTICKETS_TEST_MYSQL: %w", err)
	}

	config.DBName, config.Params = "", nil
	db, err := sql.Open("mysql", config.FormatDSN())
	if err != nil {
		return "", nil, err
	}

	config.DBName = "authtickets_bench_" + strings.ToLower(rand.Text())
	if _, err := db.ExecContext(ctx, "CREATE DATABASE "+config.DBName); err != nil {
		return "", nil, err
	}

	drop := func() error {
		ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
		defer cancel()
		_, err := db.ExecContext(ctx, "DROP DATABASE "+config.DBName)
		return errors.Join(err, db.Close())
	}
	return config.FormatDSN(), drop, nil
}

// These describe the customers. Each connection signs in as one of them.
const (
	accountPassword = "correct horse battery staple"
	mostConnections = 64
)

func accountName(number int) string { return fmt.Sprintf("customer%d", number) }

func accountUserID(number int) models.ID { return models.ID{0: 1, 15: byte(number)} }

// addAccounts writes the customers' accounts into a database.
func addAccounts(ctx context.Context, database string) (err error) {
	hasher, err := password.New(password.Settings{})
	if err != nil {
		return err
	}

	hash, err := hasher.Hash(ctx, secret.New(accountPassword))
	if err != nil {
		return err
	}

	store, err := storage.Open(
		storage.Settings{URL: secret.New(database), Now: time.Now, Log: slog.New(slog.DiscardHandler)},
	)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, store.Close()) }()

	var writes []storage.AccountWrite
	for i := range mostConnections {
		name, email := accountName(i), accountName(i)+"@example.com"
		writes = append(writes, storage.AccountWrite{
			Account: &models.CustomerAccount{
				UserID:       accountUserID(i),
				UserName:     &name,
				EmailAddress: &email,
				FirstName:    &name,
				LastName:     &name,
				IsActive:     true,
				PasswordHash: hash,
			},
			Names: []string{name, email},
		})
	}

	return store.WriteAccounts(ctx, func(w *storage.AccountWriter) error { return w.Write(writes) })
}
