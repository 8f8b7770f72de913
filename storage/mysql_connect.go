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

// server is what we know about a MySQL server. Each new connection updates it, because another node
// may have replaced the one before.
type server struct {
	// patience is how long the server waits for a lock. It is rounded up to seconds.
	patience time.Duration
	// idle is how long a connection may be idle before the server closes it.
	idle time.Duration
	// isCluster is true if the server is a Galera node.
	isCluster atomic.Bool
	// ahead is how far the server's clock is ahead of ours, in nanoseconds.
	ahead atomic.Int64
	// canCatchUp is true if the node can catch up with its cluster before a single statement.
	canCatchUp atomic.Bool
}

// longestMeasurement is how long an answer may take to be used for measuring the clock. The longer
// it takes, the less exactly we know when the server read its clock.
const longestMeasurement = time.Second

// measure stores how far the server's clock is ahead of ours. The server read serverTime from its
// clock between the instants asked and answered of our clock. measure assumes that it was at
// answered. So in doubt a statement counts as late, and is not run.
func (s *server) measure(asked, answered, serverTime time.Time) {
	if answered.Sub(asked) <= longestMeasurement {
		s.ahead.Store(int64(serverTime.Sub(answered)))
	}
}

// toServer converts an instant of our clock to the server's.
func (s *server) toServer(at time.Time) time.Time { return at.Add(time.Duration(s.ahead.Load())).UTC() }

// prepared prepares each connection. It sets everything that our statements rely on, so that they
// do not depend on the configuration of the server.
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
	asked := time.Now() //nolint:forbidigo // the real time, not the clock of operations
	row, err := firstRow(ctx, opened, "SELECT UTC_TIMESTAMP(6), VERSION()")
	if err != nil {
		return fmt.Errorf("ask the clock and the version of the server: %w", err)
	}

	answered := time.Now() //nolint:forbidigo // as above
	serverTime, ok := row[0].(time.Time)
	if !ok {
		return errNoTime
	}

	p.server.measure(asked, answered, serverTime)

	isMariaDB := strings.Contains(textOf(row[1]), "MariaDB")
	for _, statement := range p.server.settings(isMariaDB) {
		if err := execute(ctx, opened, statement); err != nil {
			return fmt.Errorf("prepare the connection: %w", err)
		}
	}

	return p.prepareNode(ctx, opened, isMariaDB)
}

// prepareNode finds out whether the server is a Galera node, and if so sets what nodes need.
func (p prepared) prepareNode(ctx context.Context, opened driver.Conn, isMariaDB bool) error {
	row, err := firstRow(ctx, opened, `SHOW VARIABLES LIKE 'wsrep\_on'`)
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

// clusterSettings is the statement that prepares a connection to a Galera node. MariaDB can catch
// up before a single statement. Other servers must catch up before every read.
func clusterSettings(isMariaDB bool) string {
	catchUpAlways := 1
	if isMariaDB {
		catchUpAlways = 0
	}
	return fmt.Sprintf("SET wsrep_sync_wait = %d, wsrep_dirty_reads = 0, wsrep_trx_fragment_size = 0, "+
		"wsrep_osu_method = 'TOI'", catchUpAlways)
}

// settings returns the statements that prepare a connection.
func (s *server) settings(isMariaDB bool) []string {
	patience := int(math.Ceil(s.patience.Seconds()))
	set := []string{
		"autocommit = 1",
		// A commit neither begins another transaction nor closes the connection.
		"completion_type = 'NO_CHAIN'",
		// A value that does not fit into its column is an error.
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
	errNoTime   = errors.New("the server does not return the time")
	errNoDriver = errors.New("the driver cannot run statements")
	errNoRow    = errors.New("the query found nothing")
)

// firstRow returns the first row of a query's result, or errNoRow.
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
