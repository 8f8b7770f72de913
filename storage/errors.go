package storage

import "errors"

// Errors of opening a database.
var (
	// ErrURL is returned for a malformed database URL. The error never shows the URL, because it
	// may contain a password.
	ErrURL = errors.New("the database must be sqlite:///path, mysql://user:password@host:3306/name or a MySQL DSN")
	// ErrRefused is returned while the database refuses our connections. Waiting does not help:
	// somebody must change the URL or the database server. The text says why.
	ErrRefused = errors.New("the database refuses the connection")
	// ErrServer is returned by CheckServer and Migrate if settings of the database server must be
	// changed first. The text names them.
	ErrServer = errors.New("the database server is not set up for this program")
	// ErrSchemaOlder is returned when migrations are missing.
	ErrSchemaOlder = errors.New("the database has an older schema than this version needs")
	// ErrSchemaNewer is returned when a later version has migrated the database.
	ErrSchemaNewer = errors.New("the database has a newer schema than this version knows")
)

// Errors of reading and writing rows.
var (
	// ErrNotFound is returned when no row has the key.
	ErrNotFound = errors.New("no such row")
	// ErrExists is returned when a row already has the key.
	ErrExists = errors.New("there is such a row already")
	// ErrTaken is returned when another account already has a name or an id.
	ErrTaken = errors.New("another account has the name or the id")
	// ErrAccountChanged is returned by SignIn when the account was deactivated, locked, deleted or
	// given another password after its password was checked.
	ErrAccountChanged = errors.New("the account was changed meanwhile")
	// ErrNotCaughtUp is returned by SignIn when the node shows an older state of the session to
	// claim than the session's token implies.
	ErrNotCaughtUp = errors.New("the database does not yet show the state that the token implies")
)
