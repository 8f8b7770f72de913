package main

import (
	"context"
	"crypto/rand"
	"database/sql"
	"fmt"
	"strings"
	"time"

	sqlite "github.com/ncruces/go-sqlite3/driver"

	"github.com/authtickets/authtickets/models"
)

// These are the names, in the tables, of the statements that the operations need at least.
const (
	updateSession = "floor: the UPDATE"
	selectAccount = "floor: the SELECT"
)

// statements returns loops over a prepared statement. Each uses a row of its own, and all share one
// pool.
func statements(ctx context.Context, j job) ([]step, error) {
	connections := j.Connections
	if j.Work == updateSession && embedded(j.Database) {
		connections = 1 // SQLite has one writer at a time
	}

	db, err := openDatabase(j.Database, connections)
	if err != nil {
		return nil, err
	}

	steps := make([]step, j.Connections)
	if j.Work == selectAccount {
		return steps, selects(ctx, db, steps)
	}

	return steps, updates(ctx, db, steps)
}

// openDatabase opens a database like the server does, but without GORM.
func openDatabase(url string, connections int) (db *sql.DB, err error) {
	if path, ok := strings.CutPrefix(url, sqliteScheme); ok {
		db, err = sqlite.Open("file:" + path + "?_txlock=immediate&_timefmt=unixepoch_micro" +
			"&_pragma=busy_timeout(5000)&_pragma=journal_mode(wal)&_pragma=synchronous(full)")
	} else {
		db, err = sql.Open("mysql", url+"?clientFoundRows=true&parseTime=true")
	}
	if err != nil {
		return nil, err
	}

	db.SetMaxOpenConns(connections)
	db.SetMaxIdleConns(connections)
	return db, nil
}

// updates makes loops over the conditional statement that decides a refresh.
func updates(ctx context.Context, db *sql.DB, steps []step) error {
	//nolint:sqlclosecheck // closed with the database
	update, err := db.PrepareContext(ctx, `UPDATE sessions SET generation = ?, refreshed_at = ?, expires_at = ?, `+
		`purge_at = CASE WHEN purge_at < ? THEN ? ELSE purge_at END `+
		`WHERE id = ? AND generation = ? AND ended_at IS NULL`)
	if err != nil {
		return err
	}

	const lifetime = 30 * 24 * time.Hour
	for i := range steps {
		var id models.ID
		_, _ = rand.Read(id[:]) // it never returns an error
		generation, at := int64(0), time.Now().UTC()
		_, err := db.ExecContext(ctx, `INSERT INTO sessions `+
			`(id, application, user_id, is_anonymous, generation, started_at, refreshed_at, expires_at, purge_at) `+
			`VALUES (?, 'storefront', ?, TRUE, 0, ?, ?, ?, ?)`, id, id, at, at, at.Add(lifetime), at.Add(lifetime))
		if err != nil {
			return err
		}

		steps[i] = func() error {
			now := time.Now().UTC()
			result, err := update.ExecContext(ctx, generation+1, now, now.Add(lifetime), now, now, id, generation)
			if err != nil {
				return err
			}

			generation++
			if rows, err := result.RowsAffected(); rows != 1 || err != nil {
				return fmt.Errorf("an update has changed %d rows: %w", rows, err)
			}

			return nil
		}
	}

	return nil
}

// selects makes loops over the query for the account of a shopper.
func selects(ctx context.Context, db *sql.DB, steps []step) error {
	query, err := db.PrepareContext(ctx, `SELECT id, user_id, is_active, user_name, email_address, `+
		`first_name, last_name, locked_until, locked_by_operator FROM customer_accounts WHERE user_id = ?`)
	if err != nil {
		return err
	}

	for i := range steps {
		steps[i] = func() error {
			var account models.CustomerAccount
			return query.QueryRowContext(ctx, accountUserID(i)).Scan(
				&account.ID, &account.UserID, &account.IsActive, &account.UserName, &account.EmailAddress,
				&account.FirstName, &account.LastName, &account.LockedUntil, &account.LockedByOperator,
			)
		}
	}

	return nil
}
