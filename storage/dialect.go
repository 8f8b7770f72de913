package storage

import (
	"context"
	"io/fs"
	"time"

	"github.com/pressly/goose/v3"
	"gorm.io/gorm"
)

// dialect holds everything that differs between the databases. Open chooses one. The rest of this
// package does not ask which database is in use.
type dialect interface {
	// name is the name of the database, and of the folder with its migrations.
	name() string
	// migrator returns a migrator with its own connections. The caller must close it.
	migrator(settings Settings, files fs.FS) (*goose.Provider, error)
	// lockSchema waits until no other process migrates the database, and keeps others from it until
	// unlock is called. It does nothing where the migrator's connection takes the lock instead. A
	// process that was killed loses the lock.
	lockSchema(ctx context.Context, db *gorm.DB) (unlock func() error, err error)
	// checkServer returns ErrServer if settings of the server must be changed first.
	checkServer(ctx context.Context, store *Store) error

	// withClock returns the same dialect with another clock. A database server keeps its own clock.
	withClock(now func() time.Time) dialect
	// clock returns an SQL expression for what the database's clock shows, and its values.
	clock() (expression string, values []any)
	// clockColumn returns the column read_at, to be appended to a list of columns. It is empty if
	// readAt does not need it.
	clockColumn() string
	// readAt returns when the database ran a query, by its clock. The query was sent at the instant
	// asked, and its column read_at had the value serverTime.
	readAt(asked, serverTime time.Time) time.Time
	// readClock returns what the database's clock shows.
	readClock(db *gorm.DB) (time.Time, error)

	// inTime returns a condition that is true until the deadline of ctx, and its values. It is
	// empty if no statement can run after its deadline.
	inTime(ctx context.Context) (condition string, values []any)
	// endedJustNow returns a condition that is true for a session that an earlier run of the same
	// statement may have ended. It is empty if we always learn whether a statement was carried out.
	endedJustNow() string
	// forUpdate is the end of a SELECT that locks its rows, so that it waits for changes under way.
	forUpdate() string

	// onDuplicateID stands between an INSERT and assignments. If a row already has the id, the
	// assignments change that row.
	onDuplicateID() string

	// latest makes a SELECT find everything that was committed before it on any node. It may lock
	// the rows.
	latest(query string) string
	// transaction runs do in one transaction, which sees everything that was committed before it.
	transaction(db *gorm.DB, do func(tx *gorm.DB) error) error
	// mayLag reports whether a plain read can miss what was committed on another node.
	mayLag() bool
	// isCluster reports whether several nodes take writes, each with its own locks. The answer can
	// change with each new connection.
	isCluster() bool

	// failure says what an error of the database means.
	failure(err error) failure
}

// failure is what an error of the database means for the statement.
type failure int

const (
	// permanent means that the same error would occur again.
	permanent failure = iota
	// undone means that the database has done nothing. The statement may succeed next time.
	undone
	// broken means that the connection broke, perhaps after the statement was carried out.
	broken
	// exhausted means that the database has run out of disk space, memory, files or threads. Trying
	// again at once does not help.
	exhausted
	// noTable means that a table is missing. A migration creates it.
	noTable
)
