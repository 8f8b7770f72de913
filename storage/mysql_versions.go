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
// goose creates the table and then inserts version 0, without which it refuses to work. MySQL
// commits after the first of the two statements. So if version 0 is missing, somebody was
// interrupted while creating the table, and it counts as missing too.
type versions struct{ database.StoreExtender }

var errNoTableExists = errors.New("goose cannot tell whether its table exists")

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
