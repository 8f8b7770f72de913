package storage

import (
	"context"
	"io/fs"
	"time"

	"github.com/pressly/goose/v3"
	"gorm.io/gorm"
)

// dialect is everything that differs between the databases. Open chooses one, and nothing else in
// this package asks which database is in use.
type dialect interface {
	// name is the name of the database, and of the folder with its migrations.
	name() string
	// migrator returns what runs the migrations, on connections of its own. Its Close closes them.
	migrator(settings Settings, files fs.FS) (*goose.Provider, error)
	// lockSchema waits until no other process migrates the database, and keeps others from it until
	// unlock is called. A process that was killed holds no lock.
	lockSchema(ctx context.Context, db *gorm.DB) (unlock func() error, err error)
	// checkServer returns ErrServer when settings of the server must be changed first.
	checkServer(ctx context.Context, store *Store) error

	// withClock returns the same dialect with another clock. A server keeps its own clock.
	withClock(now func() time.Time) dialect
	// clock is an expression for what the database's clock shows, with its values.
	clock() (expression string, values []any)
	// clockColumn adds the column read_at to a list of columns. It is empty if readAt needs none.
	clockColumn() string
	// readAt returns when the database ran a query, by its clock. The query was sent at the instant
	// asked, and serverTime is what clockColumn returned.
	readAt(asked, serverTime time.Time) time.Time
	// readClock asks the database what its clock shows.
	readClock(db *gorm.DB) (time.Time, error)

	// inTime is a condition that no longer holds when the deadline of ctx has passed, with its
	// values. It is empty if no statement can be late.
	inTime(ctx context.Context) (condition string, values []any)
	// endedJustNow is a condition on a session that an earlier run of the same statement may have
	// ended. It is empty if we always learn whether a statement was carried out.
	endedJustNow() string
	// forUpdate ends a SELECT that must not miss a change that is under way.
	forUpdate() string

	// onDuplicateID follows an INSERT. The assignments after it change the row that has the id
	// already.
	onDuplicateID() string

	// latest makes a SELECT find everything that was committed before it, on any node. It may lock
	// the rows.
	latest(query string) string
	// transaction runs do in one transaction. It sees everything that was committed before it.
	transaction(db *gorm.DB, do func(tx *gorm.DB) error) error
	// mayLag reports whether a plain read can miss what was committed on another node.
	mayLag() bool
	// isCluster reports whether several nodes take writes, each with locks of its own. It can
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
	// undone means that the database has done nothing, and may run the statement next time.
	undone
	// broken means that the connection broke. Nobody knows whether the statement was run.
	broken
	// exhausted means that the database has run out of disk, memory, files or threads. It does not
	// help to try again at once.
	exhausted
	// noTable means that a table is missing. The first migration creates it.
	noTable
)
