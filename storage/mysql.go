package storage

import (
	"database/sql"
	"math"
	"net/url"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	driver "github.com/go-sql-driver/mysql"
	"gorm.io/driver/mysql"

	"github.com/authtickets/authtickets/secret"
)

const mysqlScheme = "mysql://"

func openMySQL(settings Settings) (*Store, error) {
	config, err := mysqlConfig(settings.URL)
	if err != nil {
		return nil, err
	}
	config.Timeout, config.ReadTimeout, config.WriteTimeout = settings.ConnectTimeout, settings.StatementTimeout, settings.StatementTimeout
	// The server must not go on waiting for a lock when nobody waits for it any more: what it did then would come as a surprise.
	patience := strconv.Itoa(int(math.Ceil(settings.StatementTimeout.Seconds())))
	config.Params["innodb_lock_wait_timeout"], config.Params["lock_wait_timeout"] = patience, patience
	connector, err := driver.NewConnector(config)
	if err != nil {
		return nil, ErrURL // the cause could quote the URL
	}
	ahead := new(atomic.Int64)
	connections := pool(sql.OpenDB(clockedConnector{connector, ahead}), settings.Connections, settings.ConnectionLifetime)
	// Without a look at the server's version GORM needs no connection yet.
	db, err := settings.open(mysql.New(mysql.Config{Conn: connections, SkipInitializeWithVersion: true}))
	if err != nil {
		return nil, err
	}
	return &Store{write: db, read: db, dialect: dialect{name: mysqlName, ahead: ahead}, settings: settings}, nil
}

// patientMySQL opens the database for statements that take as long as they take: a large table is altered for minutes, after all transactions that use it have ended. Whoever
// stopped waiting would take for failed what goes on.
func patientMySQL(settings Settings) (*sql.DB, error) {
	config, err := mysqlConfig(settings.URL)
	if err != nil {
		return nil, err
	}
	config.Timeout, config.ReadTimeout, config.WriteTimeout = settings.ConnectTimeout, 0, 0
	connector, err := driver.NewConnector(config)
	if err != nil {
		return nil, ErrURL // the cause could quote the URL
	}
	return sql.OpenDB(connector), nil
}

// mysqlConfig reads a URL or a DSN, and sets what the statements of this package rely on.
func mysqlConfig(address secret.Text) (*driver.Config, error) {
	dsn := address.Reveal()
	if strings.HasPrefix(dsn, mysqlScheme) {
		u, err := url.Parse(dsn)
		if err != nil {
			return nil, ErrURL
		}
		if u.Port() == "" {
			u.Host += ":3306"
		}
		password, _ := u.User.Password()
		dsn = u.User.Username() + ":" + password + "@tcp(" + u.Host + ")" + u.EscapedPath() + "?" + u.RawQuery
	}
	config, err := driver.ParseDSN(dsn)
	if err != nil || config.DBName == "" || (config.Net != "tcp" && config.Net != "unix") {
		return nil, ErrURL // what is taken for a network could be half of a password
	}
	config.ClientFoundRows = true // a conditional update counts the rows it matched
	config.ParseTime = true       // DATETIME is time.Time
	config.Loc = time.UTC
	config.RejectReadOnly = true    // after a fail-over, leave the old primary
	config.InterpolateParams = true // one round trip a statement, and no statement to leak
	config.Logger = &driver.NopLogger{}
	if config.Params == nil {
		config.Params = map[string]string{}
	}
	config.Params["sql_mode"] = "'STRICT_ALL_TABLES,NO_ENGINE_SUBSTITUTION'" // what does not fit is an error, not cut off
	return config, nil
}
