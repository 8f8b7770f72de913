package storage

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"io/fs"

	"github.com/pressly/goose/v3"
)

//go:embed migrations
var migrations embed.FS

// Migrate brings the schema up to this version, and returns how many migrations it applied. Its
// errors include ErrServer and ErrSchemaNewer. If several processes migrate at once, one of them
// works and the others wait. If it is killed, another one can continue.
func (s *Store) Migrate(ctx context.Context) (applied int, err error) {
	if err := s.CheckServer(ctx); err != nil {
		return 0, err
	}

	unlock, err := s.dialect.lockSchema(ctx, s.write)
	if err != nil {
		return 0, fmt.Errorf("migrate: %w", err)
	}

	defer func() { err = errors.Join(err, unlock()) }()

	if err := s.CheckSchema(ctx); err != nil && !errors.Is(err, ErrSchemaOlder) {
		return 0, err
	}

	migrator, err := s.migrator()
	if err != nil {
		return 0, fmt.Errorf("migrate: %w", err)
	}

	results, err := migrator.Up(ctx)
	if err := errors.Join(err, migrator.Close()); err != nil {
		return 0, fmt.Errorf("migrate: %w", err)
	}

	return len(results), nil
}

// CheckSchema returns ErrSchemaOlder or ErrSchemaNewer if the schema is not the one that this
// version needs. It changes nothing, so the database user needs no right to create tables. goose's
// own check would create its table.
func (s *Store) CheckSchema(ctx context.Context) error {
	files, err := migrations.ReadDir("migrations/" + s.dialect.name())
	if err != nil {
		return fmt.Errorf("check the schema: %w", err)
	}

	needs := int64(len(files)) // they are numbered from 1

	has, err := s.schemaVersion(ctx)
	switch {
	case err != nil:
		return fmt.Errorf("check the schema: %w", err)
	case has < needs:
		return fmt.Errorf("%w: it has %d, and %d is needed", ErrSchemaOlder, has, needs)
	case has > needs:
		return fmt.Errorf("%w: it has %d, and %d is the latest known", ErrSchemaNewer, has, needs)
	}

	return nil
}

// schemaVersion returns the number of the last migration that was applied, or 0 if none was.
func (s *Store) schemaVersion(ctx context.Context) (int64, error) {
	var version int64
	err := s.retry(ctx, func() error {
		query := `SELECT COALESCE(MAX(version_id), 0) FROM ` + versionsTable
		return s.read.WithContext(ctx).Raw(query).Scan(&version).Error
	})
	if s.dialect.failure(err) == noTable {
		return 0, nil
	}
	return version, err
}

// migrator returns a migrator with its own connections. The caller must close it.
func (s *Store) migrator() (*goose.Provider, error) {
	files, err := fs.Sub(migrations, "migrations/"+s.dialect.name())
	if err != nil {
		return nil, err
	}
	return s.dialect.migrator(s.settings, files)
}
