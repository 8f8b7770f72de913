package storage

import (
	"context"
	"errors"

	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/database"
)

// versionsTable lists the migrations that were applied.
const versionsTable = "schema_versions"

// versions is goose's table of the migrations that were applied to a MySQL database.
//
// goose creates the table and then inserts version 0, which it needs. MySQL commits after the first
// of the two statements. If version 0 is missing, a process was interrupted between them. The table
// then counts as missing too, so that goose inserts version 0.
type versions struct{ database.StoreExtender }

var errNoTableExists = errors.New("goose cannot find out whether its table exists")

func newVersions() (versions, error) {
	store, err := database.NewStore(goose.DialectMySQL, versionsTable)
	if err != nil {
		return versions{}, err
	}

	extended, ok := store.(database.StoreExtender)
	if !ok {
		return versions{}, errNoTableExists
	}
	return versions{extended}, nil
}

// TableExists implements database.StoreExtender.
func (v versions) TableExists(ctx context.Context, db database.DBTxConn) (bool, error) {
	exists, err := v.StoreExtender.TableExists(ctx, db)
	if err != nil || !exists {
		return false, err
	}

	_, err = v.GetMigration(ctx, db, 0)
	if errors.Is(err, database.ErrVersionNotFound) {
		return false, nil
	}
	return err == nil, err
}

// CreateVersionTable implements database.Store.
func (v versions) CreateVersionTable(ctx context.Context, db database.DBTxConn) error {
	exists, err := v.StoreExtender.TableExists(ctx, db)
	if err != nil || exists {
		return err
	}
	return v.StoreExtender.CreateVersionTable(ctx, db)
}
