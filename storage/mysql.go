package storage

import (
	"database/sql"
	"time"

	driver "github.com/go-sql-driver/mysql"
	"gorm.io/driver/mysql"
)

func openMySQL(settings Settings) (*Store, error) {
	config, err := settings.mysqlConfig()
	if err != nil {
		return nil, err
	}
	config.Timeout = settings.ConnectTimeout
	config.ReadTimeout, config.WriteTimeout = settings.StatementTimeout, settings.StatementTimeout
	connector, err := driver.NewConnector(config)
	if err != nil {
		return nil, ErrURL // the cause could quote the URL
	}
	server := &server{patience: settings.StatementTimeout, idle: longestIdle}
	connections := pool(sql.OpenDB(prepared{connector, server}), settings.Connections, settings.ConnectionLifetime)

	// Without a look at the server's version GORM needs no connection yet.
	db, err := settings.open(mysql.New(mysql.Config{Conn: connections, SkipInitializeWithVersion: true}))
	if err != nil {
		return nil, err
	}
	return &Store{write: db, read: db, dialect: dialect{name: mysqlName, server: server}, settings: settings}, nil
}

const (
	// longestIdle is how long the server keeps an idle connection of ours.
	longestIdle = 8 * time.Hour
	// longestMigration is how long a server waits for a lock on behalf of a migration.
	longestMigration = 24 * time.Hour
	// idleMigration is how long the server keeps an idle connection of a migration, and with it the
	// lock. A process whose machine has failed never closes it.
	idleMigration = time.Minute
)

// patientMySQL opens the database for statements that take as long as they take. A large table is
// altered for minutes, once all transactions that use it have ended. A client that stopped waiting
// would report a failure while the server goes on. There is one connection at a time; isLocked
// gives it the lock of the schema.
func patientMySQL(settings Settings, isLocked bool) (*sql.DB, error) {
	config, err := settings.mysqlConfig()
	if err != nil {
		return nil, err
	}
	config.Timeout, config.ReadTimeout, config.WriteTimeout = settings.ConnectTimeout, 0, 0
	connector, err := driver.NewConnector(config)
	if err != nil {
		return nil, ErrURL // the cause could quote the URL
	}
	patient := prepared{connector, &server{patience: longestMigration, idle: idleMigration}}
	if isLocked {
		return pool(sql.OpenDB(locked{patient, settings.Log}), 1, 0), nil
	}
	return pool(sql.OpenDB(patient), 1, 0), nil
}
