package test_test

import (
	"context"
	"crypto/rand"
	"database/sql"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/go-sql-driver/mysql"

	"github.com/authtickets/authtickets/storage/storagetest"
	"github.com/authtickets/authtickets/test/wire"
)

// lagging is a MySQL database behind a proxy that splits reads and writes. Reads outside a
// transaction that lock nothing see the database as it was when their connection was opened.
type lagging struct {
	proxy *wire.Proxy
	url   string
	// isFresh makes all reads see the current state.
	isFresh atomic.Bool
}

// catchUp makes reads show the database as it is now.
func (l *lagging) catchUp() { l.proxy.Cut() }

// laggingMySQL returns a lagging database. Without MySQL it returns false.
func laggingMySQL(t *testing.T) (*lagging, bool) {
	t.Helper()
	url, ok := storagetest.MySQL(t)
	if !ok {
		return nil, false
	}

	config, err := mysql.ParseDSN(url)
	must(t, err)
	config.User, config.Passwd = withoutPassword(t, url, config.DBName), ""

	l := &lagging{}
	l.proxy, err = wire.Listen(t.Context(), wire.Settings{
		Primary: config.Addr,
		Replica: config.Addr,
		ToReplica: func(statement string) bool {
			isRead := strings.HasPrefix(statement, "SELECT") && !strings.HasSuffix(statement, "FOR UPDATE")
			return isRead && !l.isFresh.Load()
		},
		// The first read begins a transaction that never ends. So all later reads see the same.
		OnReplica: func(statement string) string {
			return strings.Replace(statement, "autocommit = 1", "autocommit = 0", 1)
		},
	})

	must(t, err)
	t.Cleanup(l.proxy.Close)
	config.Addr = l.proxy.Address()
	l.url = config.FormatDSN()

	return l, true
}

// withoutPassword creates a user without a password, and returns the name.
func withoutPassword(t *testing.T, url, database string) string {
	t.Helper()
	name := "lag_" + strings.ToLower(rand.Text()[:8])
	db, err := sql.Open("mysql", url)
	must(t, err)
	t.Cleanup(func() {
		_, _ = db.ExecContext(context.WithoutCancel(t.Context()), "DROP USER '"+name+"'@'127.0.0.1'")
		_ = db.Close()
	})
	_, err = db.ExecContext(t.Context(), "CREATE USER '"+name+"'@'127.0.0.1'")
	must(t, err)
	_, err = db.ExecContext(t.Context(), "GRANT ALL ON "+database+".* TO '"+name+"'@'127.0.0.1'")
	must(t, err)

	return name
}

// behindLag returns an office whose reads show nothing that is written from then on, and the
// headers of an application that manages accounts.
func behindLag(t *testing.T) (o *office, backend []string, ok bool) {
	t.Helper()
	database, ok := laggingMySQL(t)
	if !ok {
		return nil, nil, false
	}

	database.isFresh.Store(true)
	o = open(t, database.url)
	backend = o.backend()
	database.isFresh.Store(false)
	database.catchUp()
	o.follow() // a first read

	return o, backend, true
}

// signIn returns an office where a customer has signed in. From then on, reads show nothing new.
func (l *lagging) signIn(t *testing.T) (*office, ticket) {
	t.Helper()
	l.isFresh.Store(true)
	o := open(t, l.url)
	o.customer("ada")
	customer := o.signIn("ada")
	l.isFresh.Store(false)
	l.catchUp()
	o.follow() // a first read

	return o, customer
}
