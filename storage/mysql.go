package storage

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"fmt"
	"io/fs"
	"time"

	"github.com/go-sql-driver/mysql"
	"github.com/pressly/goose/v3"
	gormmysql "gorm.io/driver/mysql"
	"gorm.io/gorm"
)

const (
	// longestIdle is how long the server keeps an idle connection.
	longestIdle = 8 * time.Hour
	// longestMigration is how long the server lets a migration wait for a lock.
	longestMigration = 24 * time.Hour
	// idleMigration is how long the server keeps an idle connection of a migration, and with it the
	// lock of the schema. A process on a machine that failed never closes its connection.
	idleMigration = time.Minute
)

// mysqlDialect is MySQL or MariaDB: a single server, a server with replicas, or a Galera cluster.
type mysqlDialect struct{ server *server }

func openMySQL(settings Settings) (*Store, error) {
	config, err := settings.mysqlConfig()
	if err != nil {
		return nil, err
	}

	config.Timeout = settings.ConnectTimeout
	config.ReadTimeout, config.WriteTimeout = settings.StatementTimeout, settings.StatementTimeout
	connector, err := mysql.NewConnector(config)
	if err != nil {
		return nil, ErrURL // the cause could quote the URL
	}

	server := &server{patience: settings.StatementTimeout, idle: longestIdle}
	connections := pool(sql.OpenDB(prepared{connector, server}), settings.Connections, settings.ConnectionLifetime)

	// GORM would connect now to look at the server's version.
	db, err := settings.open(gormmysql.New(gormmysql.Config{Conn: connections, SkipInitializeWithVersion: true}))
	if err != nil {
		return nil, err
	}

	return &Store{write: db, read: db, dialect: mysqlDialect{server}, settings: settings}, nil
}

func (d mysqlDialect) name() string { return "mysql" }

// migrator runs its statements without a time limit. It can take minutes to alter a large table,
// and before that all transactions that use it must end. A client that stopped waiting would report
// a failure while the server continues.
func (d mysqlDialect) migrator(settings Settings, files fs.FS) (*goose.Provider, error) {
	versions, err := newVersions()
	if err != nil {
		return nil, err
	}

	config, err := settings.mysqlConfig()
	if err != nil {
		return nil, err
	}

	config.Timeout, config.ReadTimeout, config.WriteTimeout = settings.ConnectTimeout, 0, 0
	connector, err := mysql.NewConnector(config)
	if err != nil {
		return nil, ErrURL // the cause could quote the URL
	}

	patient := prepared{connector, &server{patience: longestMigration, idle: idleMigration}}
	var opener driver.Connector = locked{patient, settings.Log}
	if d.isCluster() {
		opener = patient // lockSchema has locked the schema of the whole cluster
	}

	return goose.NewProvider("", pool(sql.OpenDB(opener), 1, 0), files,
		goose.WithStore(versions), goose.WithDisableGlobalRegistry(true))
}

func (d mysqlDialect) withClock(func() time.Time) dialect { return d }

func (d mysqlDialect) clock() (expression string, values []any) { return `UTC_TIMESTAMP(6)`, nil }

func (d mysqlDialect) clockColumn() string { return `, UTC_TIMESTAMP(6) AS read_at` }

// readAt also measures the server's clock.
func (d mysqlDialect) readAt(asked, serverTime time.Time) time.Time {
	answered := time.Now() //nolint:forbidigo // the real time, not the clock of operations
	d.server.measure(asked, answered, serverTime)
	return serverTime
}

func (d mysqlDialect) readClock(db *gorm.DB) (time.Time, error) {
	var now time.Time
	if err := db.Raw(`SELECT UTC_TIMESTAMP(6)`).Row().Scan(&now); err != nil {
		return now, fmt.Errorf("ask the database's clock: %w", err)
	}
	return now, nil
}

// inTime compares the deadline with the server's clock.
//
// A database that hung carries out late what it received earlier. By then the client has been asked
// to try again. If the database advanced the session so late, the client's repetition would look
// like a stolen token.
func (d mysqlDialect) inTime(ctx context.Context) (condition string, values []any) {
	deadline, ok := ctx.Deadline()
	if !ok {
		return "", nil
	}
	return `UTC_TIMESTAMP(6) < ?`, []any{d.server.toServer(deadline)}
}

func (d mysqlDialect) endedJustNow() string {
	return `ended_at >= UTC_TIMESTAMP(6) - INTERVAL 30 SECOND`
}

func (d mysqlDialect) forUpdate() string { return ` FOR UPDATE` }

func (d mysqlDialect) onDuplicateID() string { return ` ON DUPLICATE KEY UPDATE ` }

// catchUp is the start of a statement. A Galera node first applies everything that any node has
// committed, and then runs the statement.
const catchUp = `SET STATEMENT wsrep_sync_wait = 1 FOR `

// latest locks the rows, because a proxy that splits reads and writes sends locking reads to a node
// that takes writes. A Galera node catches up first.
func (d mysqlDialect) latest(query string) string {
	query += d.forUpdate()
	if d.server.canCatchUp.Load() {
		return catchUp + query
	}
	return query
}

// transaction lets a Galera node catch up first, because another node may just have written what do
// reads or changes.
func (d mysqlDialect) transaction(db *gorm.DB, do func(tx *gorm.DB) error) error {
	if !d.server.canCatchUp.Load() {
		return db.Transaction(do)
	}
	return db.Connection(func(connection *gorm.DB) error {
		if err := connection.Exec(catchUp + `SELECT 1`).Error; err != nil {
			return fmt.Errorf("catch up with the cluster: %w", err)
		}
		return connection.Transaction(do)
	})
}

// mayLag is true for every server, because a proxy may send reads to a replica.
func (d mysqlDialect) mayLag() bool { return true }

func (d mysqlDialect) isCluster() bool { return d.server.isCluster.Load() }
