package program_test

import (
	"crypto/rand"
	"database/sql"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"

	_ "github.com/go-sql-driver/mysql" // for MySQL
	"github.com/ncruces/go-sqlite3/driver"

	"github.com/authtickets/authtickets/models"
	"github.com/authtickets/authtickets/password"
	"github.com/authtickets/authtickets/seal"
	"github.com/authtickets/authtickets/secret"
	"github.com/authtickets/authtickets/storage"
)

const rightPassword = "correct horse battery staple"

// site is where replicas of the server run: a database and a key file.
type site struct {
	t      testing.TB
	url    string // of the database
	folder string
	keys   string
	store  *storage.Store
}

// newSite returns a site with a key file and a database with an up-to-date schema.
func newSite(t testing.TB, url string) *site {
	t.Helper()
	s := emptySite(t, url)
	_, err := s.store.Migrate(t.Context())
	must(t, err)
	return s
}

// emptySite returns a site whose database has no schema yet.
func emptySite(t testing.TB, url string) *site {
	t.Helper()
	folder := t.TempDir()
	s := &site{t: t, url: url, folder: folder, keys: filepath.Join(folder, "shared-keys.json")}
	must(t, seal.CreateFile(s.keys))
	store, err := storage.Open(
		storage.Settings{URL: secret.New(url), Now: time.Now, Log: slog.New(slog.DiscardHandler)},
	)
	must(t, err)
	t.Cleanup(func() { _ = store.Close() })
	s.store = store

	return s
}

// hashing is the cost of password hashes at every site: the lowest that servers allow.
var hashing = password.Settings{MemoryKiB: 7168, Iterations: 5}

// variables returns the environment of a server at the site.
func (s *site) variables() []string {
	return []string{
		"AUTHTICKETS_DATABASE=" + s.url, "AUTHTICKETS_KEYS=" + s.keys, "AUTHTICKETS_LOG_FORMAT=json",
		"AUTHTICKETS_LOG_LEVEL=debug",
		"AUTHTICKETS_REFUSAL_STEP=0", "AUTHTICKETS_ROWS_PER_SOURCE=1000000", // so that tests need not wait
		fmt.Sprint(
			"AUTHTICKETS_HASH_MEMORY=", hashing.MemoryKiB,
		), fmt.Sprint("AUTHTICKETS_HASH_ITERATIONS=", hashing.Iterations),
	}
}

// server is a process that serves requests.
type server struct {
	*process

	url    string // without a path
	client *http.Client
	// headers are sent with every operation. They come in pairs.
	headers []string
}

// start starts a server and waits until it serves.
func (s *site) start(flags ...string) *server {
	s.t.Helper()
	return serving(launch(s.t, s.folder, s.variables(), append([]string{"serve", "--listen=127.0.0.1:0"}, flags...)...))
}

// serving waits until a process reports that it serves.
func serving(p *process) *server {
	p.t.Helper()
	var address string
	eventually(p.t, "the server says where it serves", func() bool {
		if !p.running() {
			p.t.Fatalf("the server ended: %s", p.stderr.String())
		}

		line, _, finished := strings.Cut(p.stdout.String(), "\n")
		_, address, _ = strings.Cut(line, " serves GraphQL at ")

		return finished
	})

	base, found := strings.CutSuffix(address, "/graphql")
	if !found {
		p.t.Fatalf("no address in %q", p.stdout.String())
	}

	return &server{process: p, url: base, client: newClient(p.t)}
}

// startAt starts a server on a port that is known in advance, and does not wait for it.
func (s *site) startAt(flags ...string) *server {
	s.t.Helper()
	address := quietAddress(s.t)
	p := launch(s.t, s.folder, s.variables(), append([]string{"serve", "--listen=" + address}, flags...)...)
	return &server{process: p, url: "http://" + address, client: newClient(s.t)}
}

// quietAddress returns an address that nobody uses. Its port is below those that the system
// assigns, so that it stays free.
func quietAddress(t testing.TB) string {
	t.Helper()
	for range 100 {
		var random [2]byte
		_, _ = rand.Read(random[:])
		address := fmt.Sprintf("127.0.0.1:%d", 12000+(int(random[0])<<8|int(random[1]))%8000)
		listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", address)
		if err == nil {
			must(t, listener.Close())
			return address
		}
	}

	t.Fatal("no port is free")
	return ""
}

// newClient returns a client with its own connections.
func newClient(t testing.TB) *http.Client {
	t.Helper()
	transport := &http.Transport{MaxIdleConns: 256, MaxIdleConnsPerHost: 256}
	t.Cleanup(transport.CloseIdleConnections)
	return &http.Client{Transport: transport, Timeout: 2 * patience}
}

// customer writes an account with this user name.
func (s *site) customer(name, plain string) *models.CustomerAccount {
	s.t.Helper()
	hasher, err := password.New(hashing)
	must(s.t, err)
	hash, err := hasher.Hash(s.t.Context(), secret.New(plain))
	must(s.t, err)
	account := models.CustomerAccount{UserName: &name, IsActive: true, PasswordHash: hash}
	_, _ = rand.Read(account.UserID[:])
	names := []string{name}
	must(s.t, s.store.WriteAccounts(s.t.Context(), func(w *storage.AccountWriter) error {
		account.ID = nil
		return w.Write([]storage.AccountWrite{{Account: &account, Names: names}})
	}))

	return &account
}

// database opens the database directly, without the product.
func database(t testing.TB, url string) *sql.DB {
	t.Helper()
	file, embedded := strings.CutPrefix(url, "sqlite://")
	var db *sql.DB
	var err error
	if embedded {
		db, err = driver.Open("file:" + file + "?_pragma=busy_timeout(10000)")
	} else {
		db, err = sql.Open("mysql", url)
	}

	must(t, err)
	t.Cleanup(func() { _ = db.Close() })
	return db
}

func (s *site) database() *sql.DB {
	s.t.Helper()
	return database(s.t, s.url)
}

// number runs a query that returns one number.
func (s *site) number(query string, values ...any) int {
	s.t.Helper()
	var number int
	must(s.t, s.database().QueryRowContext(s.t.Context(), query, values...).Scan(&number))
	return number
}

// texts runs a query that returns one column of texts.
func (s *site) texts(query string) []string {
	s.t.Helper()
	rows, err := s.database().QueryContext(s.t.Context(), query)
	must(s.t, err)
	defer func() { _ = rows.Close() }()

	var texts []string
	for rows.Next() {
		var text string
		must(s.t, rows.Scan(&text))
		texts = append(texts, text)
	}

	must(s.t, rows.Err())
	return texts
}

// hold prevents changes to accounts, counts of wrong passwords and sessions until the returned
// function is called.
func (s *site) hold() (release func()) {
	s.t.Helper()
	db := s.database()
	connection, err := db.Conn(s.t.Context())
	must(s.t, err)
	statements := []string{"BEGIN IMMEDIATE"}
	if !strings.HasPrefix(s.url, "sqlite://") {
		statements = []string{"BEGIN"}
		for _, table := range []string{"customer_accounts", "name_guesses", "sessions"} {
			statements = append(statements, "SELECT COUNT(*) FROM "+table+" FOR UPDATE")
		}
	}

	for _, statement := range statements {
		_, err := connection.ExecContext(s.t.Context(), statement)
		must(s.t, err)
	}

	held := true
	release = func() {
		if held {
			held = false
			_, _ = connection.ExecContext(soon(s.t), "ROLLBACK")
			_ = connection.Close()
		}
	}

	s.t.Cleanup(release)
	return release
}
