package storage

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"math"
	"strings"
	"sync/atomic"
	"time"
)

// server is what is known of a MySQL server. It is learned with each connection: another node may
// have taken the place of the one before.
type server struct {
	// patience is how long the server waits for a lock. Nobody waits any longer for its answer.
	patience time.Duration
	// idle is how long a connection may be idle before the server closes it.
	idle time.Duration
	// isCluster says that the server is a Galera node.
	isCluster atomic.Bool
	// ahead is how far its clock is ahead of ours, in nanoseconds.
	ahead atomic.Int64
	// canCatchUp says that a statement can have the node catch up with its cluster first.
	canCatchUp atomic.Bool
}

// longestMeasurement is the longest time for an answer from which the clock is read. One that took
// longer says too little.
const longestMeasurement = time.Second

// measure learns how far the server's clock is ahead of ours. The server told its clock between two
// instants of ours. The later one counts: a statement is rather taken for late than run late.
func (s *server) measure(asked, answered, told time.Time) {
	if answered.Sub(asked) <= longestMeasurement {
		s.ahead.Store(int64(told.Sub(answered)))
	}
}

// toServer converts an instant of our clock to the server's.
func (s *server) toServer(at time.Time) time.Time { return at.Add(time.Duration(s.ahead.Load())).UTC() }

// prepared prepares each connection: it sets everything that our statements rely on, so that they
// inherit nothing from the configuration of the server.
type prepared struct {
	driver.Connector

	server *server
}

// Connect implements driver.Connector.
func (p prepared) Connect(ctx context.Context) (driver.Conn, error) {
	opened, err := p.Connector.Connect(ctx)
	if err != nil {
		return nil, refusal(err)
	}
	if err := p.prepare(ctx, opened); err != nil {
		return nil, errors.Join(err, opened.Close())
	}
	return opened, nil
}

func (p prepared) prepare(ctx context.Context, opened driver.Conn) error {
	asked := time.Now() //nolint:forbidigo // real time, whatever the clock of operations says
	row, err := firstRow(ctx, opened, "SELECT UTC_TIMESTAMP(6), VERSION()")
	if err != nil {
		return fmt.Errorf("ask the clock and the version of the server: %w", err)
	}
	answered := time.Now() //nolint:forbidigo // as above
	told, ok := row[0].(time.Time)
	if !ok {
		return errNoTime
	}
	p.server.measure(asked, answered, told)
	isMariaDB := strings.Contains(textOf(row[1]), "MariaDB")

	for _, statement := range p.server.settings(isMariaDB) {
		if err := execute(ctx, opened, statement); err != nil {
			return fmt.Errorf("prepare the connection: %w", err)
		}
	}
	row, err = firstRow(ctx, opened, `SHOW VARIABLES LIKE 'wsrep\_on'`)
	if err != nil && !errors.Is(err, errNoRow) {
		return fmt.Errorf("ask whether the server is part of a cluster: %w", err)
	}
	isCluster := err == nil && strings.EqualFold(textOf(row[1]), "ON")
	p.server.isCluster.Store(isCluster)
	p.server.canCatchUp.Store(isCluster && isMariaDB)
	if !isCluster {
		return nil
	}
	if err := execute(ctx, opened, clusterSettings(isMariaDB)); err != nil {
		return fmt.Errorf("prepare the connection to a cluster: %w", err)
	}
	return nil
}

// clusterSettings is the statement that prepares a connection to a Galera node. Where a single
// statement cannot ask the node to catch up, every read does.
func clusterSettings(isMariaDB bool) string {
	catchUpAlways := 1
	if isMariaDB {
		catchUpAlways = 0
	}
	return fmt.Sprintf("SET wsrep_sync_wait = %d, wsrep_dirty_reads = 0, wsrep_trx_fragment_size = 0, "+
		"wsrep_osu_method = 'TOI'", catchUpAlways)
}

// settings are the statements that prepare a connection.
func (s *server) settings(isMariaDB bool) []string {
	patience := int(math.Ceil(s.patience.Seconds()))
	set := []string{
		"autocommit = 1",
		// A commit neither begins a transaction nor ends the connection.
		"completion_type = 'NO_CHAIN'",
		// What does not fit is an error.
		"sql_mode = 'STRICT_ALL_TABLES,NO_ENGINE_SUBSTITUTION'",
		"time_zone = '+00:00'",
		"timestamp = DEFAULT",
		"unique_checks = 1",
		"foreign_key_checks = 1",
		"sql_safe_updates = 0",
		"sql_select_limit = 18446744073709551615",
		"sql_big_selects = 1",
		"sql_auto_is_null = 0",
		fmt.Sprintf("wait_timeout = %d", int(s.idle.Seconds())),
		fmt.Sprintf("innodb_lock_wait_timeout = %d", patience),
		fmt.Sprintf("lock_wait_timeout = %d", patience),
	}
	if isMariaDB {
		set = append(set, "max_statement_time = 0", "idle_transaction_timeout = 0",
			"idle_write_transaction_timeout = 0", "idle_readonly_transaction_timeout = 0")
	} else {
		set = append(set, "max_execution_time = 0")
	}
	return []string{
		"SET " + strings.Join(set, ", "),
		"SET NAMES utf8mb4 COLLATE utf8mb4_bin",
		"SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ WRITE",
	}
}

var (
	errNoTime   = errors.New("the server does not tell the time")
	errNoDriver = errors.New("the driver cannot run statements")
	errNoRow    = errors.New("the query has found nothing")
)

// firstRow returns the first row of a query, or errNoRow.
func firstRow(ctx context.Context, opened driver.Conn, query string) (row []driver.Value, err error) {
	queryer, ok := opened.(driver.QueryerContext)
	if !ok {
		return nil, errNoDriver
	}
	rows, err := queryer.QueryContext(ctx, query, nil)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()

	row = make([]driver.Value, len(rows.Columns()))
	err = rows.Next(row)
	if errors.Is(err, io.EOF) {
		return nil, errNoRow
	}
	return row, err
}

func execute(ctx context.Context, opened driver.Conn, statement string) error {
	executor, ok := opened.(driver.ExecerContext)
	if !ok {
		return errNoDriver
	}
	_, err := executor.ExecContext(ctx, statement, nil)
	return err
}

func textOf(value driver.Value) string {
	switch value := value.(type) {
	case []byte:
		return string(value)
	case string:
		return value
	default:
		return ""
	}
}
