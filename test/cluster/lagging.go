package main

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"
	"time"

	"github.com/authtickets/authtickets/test/wire"
)

// laggingSite has servers behind a proxy that splits reads and writes. Reads go to a replica that
// is one to two seconds behind.
func laggingSite(ctx context.Context, w *workshop, short bool) (_ *site, err error) {
	var databases []*database
	s := &site{name: "lagging"}
	s.close = func() {
		s.closeServers()
		for _, d := range databases {
			d.close()
		}
	}
	defer func() {
		if err != nil {
			s.close()
		}
	}()

	hosts := onLoopback().hosts
	for number, name := range []string{"primary", "replica"} {
		d, err := newDatabase(w.programs, hosts[number], filepath.Join(w.folder, name), w.data,
			fmt.Sprintf("--server-id=%d", number+1), "--log-bin="+firstLog, "--binlog-format=ROW")
		if err != nil {
			return nil, err
		}

		databases = append(databases, d)
		if err := d.start(ctx); err != nil {
			return nil, err
		}
	}

	primary, replica := databases[0], databases[1]
	follow := "CHANGE MASTER TO MASTER_HOST='" + primary.on.front + "', MASTER_USER='" + databaseUser + "', " +
		"MASTER_LOG_FILE='" + firstLog + ".000001', MASTER_LOG_POS=4, MASTER_DELAY=1"
	for _, statement := range []string{follow, "START SLAVE"} {
		if err := replica.exec(ctx, statement); err != nil {
			return nil, err
		}
	}

	proxy, err := wire.Listen(ctx, wire.Settings{
		Primary:   primary.address(),
		Replica:   replica.address(),
		ToReplica: isRead,
	})
	if err != nil {
		return nil, err
	}

	for _, h := range hosts {
		s.servers = append(s.servers, newServer(w, h, urlOf(proxy.Address())))
	}

	s.phases = []phase{
		{name: "reads lag", lasts: lengthOf(short, 20*time.Second, 5*time.Second)},
		{name: "rush", rush: true, lasts: lengthOf(short, 10*time.Second, 2*time.Second)},
	}
	return s, s.start(ctx)
}

// firstLog is the name of the primary's first log. Primary and replica begin with the same data, so
// the replica reads the whole log.
const firstLog = "binlog"

// isRead reports whether a statement reads without a lock.
func isRead(statement string) bool {
	statement = strings.ToUpper(strings.TrimSpace(statement))
	return strings.HasPrefix(statement, "SELECT") &&
		!strings.Contains(statement, "FOR UPDATE") && !strings.Contains(statement, "LOCK IN SHARE MODE")
}
