package program_test

import (
	"bytes"
	"database/sql"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/go-sql-driver/mysql"
)

// dump returns the whole contents of the database as text.
func (s *site) dump() []byte {
	s.t.Helper()
	db := s.database()
	tables := "SELECT name FROM sqlite_master WHERE type = 'table'"
	if !strings.HasPrefix(s.url, "sqlite://") {
		tables = "SELECT table_name FROM information_schema.tables WHERE table_schema = DATABASE()"
	}

	var dump bytes.Buffer
	for _, table := range s.texts(tables) {
		s.dumpTable(db, table, &dump)
	}

	if !bytes.Contains(dump.Bytes(), []byte("$argon2id$")) {
		s.t.Error("the dump of the database holds no account")
	}

	return dump.Bytes()
}

func (s *site) dumpTable(db *sql.DB, table string, out *bytes.Buffer) {
	s.t.Helper()
	rows, err := db.QueryContext(s.t.Context(), "SELECT * FROM `"+table+"`")
	must(s.t, err)
	defer func() { _ = rows.Close() }()

	columns, err := rows.Columns()
	must(s.t, err)
	for rows.Next() {
		values, targets := make([]any, len(columns)), make([]any, len(columns))
		for i := range values {
			targets[i] = &values[i]
		}

		must(s.t, rows.Scan(targets...))
		for _, value := range values {
			if raw, ok := value.([]byte); ok {
				out.Write(raw)
			}

			fmt.Fprintln(out, value)
		}
	}

	must(s.t, rows.Err())
}

// databaseFiles returns the files in which the database keeps the site's rows and its log. It
// returns none if the server is on another machine.
func (s *site) databaseFiles() []string {
	s.t.Helper()
	if file, ok := strings.CutPrefix(s.url, "sqlite://"); ok {
		return []string{file, file + "-wal"}
	}

	config, err := mysql.ParseDSN(s.url)
	must(s.t, err)
	data := os.Getenv("AUTHTICKETS_TEST_MYSQL_DATA")
	if data == "" {
		return nil
	}

	files, err := filepath.Glob(filepath.Join(data, config.DBName, "*.ibd"))
	if err != nil || len(files) < 5 {
		s.t.Errorf("the tables are in %v: %v", files, err)
	}

	return append(files, os.Getenv("AUTHTICKETS_TEST_MYSQL_LOG"))
}
