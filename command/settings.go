package command

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/authtickets/authtickets/applications"
	"github.com/authtickets/authtickets/password"
	"github.com/authtickets/authtickets/seal"
	"github.com/authtickets/authtickets/secret"
	"github.com/authtickets/authtickets/storage"
	"github.com/authtickets/authtickets/tickets"
	"github.com/authtickets/authtickets/timing"
	"github.com/authtickets/authtickets/wiring"
)

// Settings are those that more than one command needs. The tags hold the defaults and the words of --help; each is also a variable
// and a key of the file that --config names.
type Settings struct {
	Config string `help:"YAML file with settings: the names of the flags without dashes in front, e.g. \"listen: 0.0.0.0:8080\"." placeholder:"FILE" group:"General:"`
	Data   string `help:"Folder of the embedded database and its key file." default:"./data" type:"path" group:"General:"`

	Database              secret.Text   `help:"Database: mysql://user:password@host:3306/name, or a MySQL DSN user:password@tcp(host:3306)/name, or sqlite:///path. One with a password goes into the variable or --database-file, not into the flag. By default the embedded SQLite database in the data folder." placeholder:"URL" group:"Database:"`
	DatabaseFile          string        `help:"File that holds what --database would." placeholder:"FILE" group:"Database:"`
	DatabaseAuthority     string        `help:"File of the CA certificates (PEM) to trust for the database. Connections are then encrypted, and the database's name is checked." placeholder:"FILE" group:"Database:"`
	DatabaseConnections   int           `help:"Most connections open at a time." default:"32" group:"Database:"`
	DatabaseLifetime      time.Duration `help:"After how long a connection is replaced." default:"30m" group:"Database:"`
	DatabaseConnectWait   time.Duration `help:"Longest attempt to connect." default:"3s" group:"Database:"`
	DatabaseStatementWait time.Duration `help:"Longest wait for the answer to a statement." default:"5s" group:"Database:"`

	Keys string `help:"Master key, under which the keys of the tickets are kept in the database; every replica needs the same. It is a key file, made by \"authtickets keys create\", or a key of AWS KMS, aws-kms://arn:aws:kms:REGION:ACCOUNT:key/ID. The contents of a key file can be in the variable AUTHTICKETS_KEYSET instead. By default keys.json in the data folder, which the embedded database makes at the first start." placeholder:"FILE" group:"Tickets:"`

	SigningKeyNotice time.Duration `help:"How long a new signing key is published before use: as long as services that verify JWTs keep the keys." default:"24h" group:"Tickets:"`

	HashMemory      int           `help:"Memory of a password hash (argon2id), in KiB." default:"19456" group:"Passwords:"`
	HashIterations  int           `help:"Passes of a password hash over its memory." default:"2" group:"Passwords:"`
	HashParallelism int           `help:"Threads of a password hash." default:"1" group:"Passwords:"`
	HashConcurrent  int           `help:"Password hashes at a time; 0 means one per core." default:"0" group:"Passwords:"`
	HashWait        time.Duration `help:"Longest wait of a sign-in for its turn." default:"5s" group:"Passwords:"`

	LogFormat string `help:"Format of the log: text or json." default:"text" group:"General:"`
	LogLevel  string `help:"Least severe records of the log: debug, info, warn or error. At debug there is a record per request and statement, still without values." default:"info" group:"General:"`
}

// Check returns all faults of the settings together, nil when there are none.
func (s *Settings) Check() error {
	faults := []error{
		positive("--database-connections", s.DatabaseConnections), positive("--database-lifetime", s.DatabaseLifetime),
		positive("--database-connect-wait", s.DatabaseConnectWait), positive("--database-statement-wait", s.DatabaseStatementWait),
	}
	if s.SigningKeyNotice < timing.LeastKeyNotice {
		faults = append(faults, fmt.Errorf("--signing-key-notice: must be at least %s", timing.LeastKeyNotice))
	}
	if !slices.Contains([]string{"text", "json"}, s.LogFormat) {
		faults = append(faults, errors.New("--log-format: must be text or json"))
	}
	if !slices.Contains([]string{"debug", "info", "warn", "error"}, s.LogLevel) {
		faults = append(faults, errors.New("--log-level: must be debug, info, warn or error"))
	}
	if s.Database.Reveal() != "" && s.DatabaseFile != "" {
		faults = append(faults, errors.New("--database and --database-file: set one of them"))
	}
	if url, err := s.DatabaseURL(); err != nil {
		faults = append(faults, err)
	} else if err := storage.CheckURL(url); err != nil {
		faults = append(faults, fmt.Errorf("--database: %w", err))
	}
	if _, err := s.authorities(); err != nil {
		faults = append(faults, err)
	}
	if _, err := s.Hasher(); err != nil {
		faults = append(faults, errors.New(strings.ReplaceAll(err.Error(), "password: ", "--hash-")))
	}
	const leastWork = 7168 * 5 // the cheapest choice of OWASP's password storage cheat sheet: 7 MiB, 5 passes
	if s.HashMemory*s.HashIterations < leastWork {
		faults = append(faults, fmt.Errorf("--hash-memory times --hash-iterations: must be at least %d, or guessing is cheap", leastWork))
	}
	return errors.Join(faults...)
}

func positive[N int | int64 | time.Duration](flag string, value N) error {
	if value <= 0 {
		return fmt.Errorf("%s: must be more than 0", flag)
	}
	return nil
}

// LogHandler returns the handler of log records.
func (s *Settings) LogHandler(out io.Writer) slog.Handler {
	var level slog.Level
	_ = level.UnmarshalText([]byte(s.LogLevel)) // one of the four
	options := &slog.HandlerOptions{Level: level}
	if s.LogFormat == "json" {
		return slog.NewJSONHandler(out, options)
	}
	return slog.NewTextHandler(out, options)
}

// DatabaseURL returns where the database is.
func (s *Settings) DatabaseURL() (secret.Text, error) {
	if s.Database.Reveal() != "" {
		return s.Database, nil
	}
	if s.DatabaseFile != "" {
		text, err := os.ReadFile(s.DatabaseFile)
		if err != nil {
			return secret.Text{}, fmt.Errorf("--database-file: %w", err)
		}
		return secret.New(strings.TrimSpace(string(text))), nil
	}
	return secret.New("sqlite://" + filepath.Join(s.Data, "authtickets.db")), nil
}

// authorities are those who may have signed the database's certificate; nil where that is not set.
func (s *Settings) authorities() (*x509.CertPool, error) {
	if s.DatabaseAuthority == "" {
		return nil, nil //nolint:nilnil // it is not set
	}
	text, err := os.ReadFile(s.DatabaseAuthority)
	if err != nil {
		return nil, fmt.Errorf("--database-authority: %w", err)
	}
	authorities := x509.NewCertPool()
	if !authorities.AppendCertsFromPEM(text) {
		return nil, errors.New("--database-authority: the file holds no certificate in PEM")
	}
	return authorities, nil
}

// OpenStore opens the database. It does not look at its schema yet.
func (s *Settings) OpenStore(env *Environment) (*storage.Store, error) {
	url, err := s.DatabaseURL()
	if err != nil {
		return nil, err
	}
	authorities, err := s.authorities()
	if err != nil {
		return nil, err
	}
	return storage.Open(storage.Settings{
		URL: url, Authorities: authorities, Connections: s.DatabaseConnections, ConnectionLifetime: s.DatabaseLifetime,
		ConnectTimeout: s.DatabaseConnectWait, StatementTimeout: s.DatabaseStatementWait, Now: env.Now, Log: env.Log,
	})
}

// Hasher returns the hasher of passwords.
func (s *Settings) Hasher() (*password.Hasher, error) {
	return password.New(password.Settings{
		MemoryKiB: s.HashMemory, Iterations: s.HashIterations, Parallelism: s.HashParallelism,
		Concurrent: s.HashConcurrent, Wait: s.HashWait,
	})
}

// HashesMemory returns how many bytes the password hashes need that may run at a time.
func (s *Settings) HashesMemory() (int64, error) {
	hasher, err := s.Hasher()
	if err != nil {
		return 0, err
	}
	return int64(hasher.Concurrent()) * int64(s.HashMemory) << 10, nil
}

// PrepareSchema checks the settings of a server and its schema, and brings that of the embedded
// database up to date.
func (s *Settings) PrepareSchema(ctx context.Context, store *storage.Store) error {
	url, err := s.DatabaseURL()
	if err != nil {
		return err
	}
	if err := store.CheckServer(ctx); err != nil {
		return err
	}
	err = store.CheckSchema(ctx)
	if storage.Embedded(url) && errors.Is(err, storage.ErrSchemaOlder) {
		_, err = store.Migrate(ctx)
	}
	if errors.Is(err, storage.ErrSchemaOlder) {
		return fmt.Errorf("%w; run: authtickets migrate", err)
	}
	return err
}

// with opens the database, checks its schema, and does something with the parts on it. The master
// key may be nil for what needs none.
func (s *Settings) with(env *Environment, master *seal.Master, do func(*wiring.Parts) error) (err error) {
	hasher, err := s.Hasher()
	if err != nil {
		return err
	}
	store, err := s.OpenStore(env)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, store.Close()) }()
	if err := s.PrepareSchema(env.Context, store); err != nil {
		return err
	}

	return do(wiring.New(wiring.Settings{
		Store:         store,
		Now:           env.Now,
		Random:        env.Random,
		Log:           env.Log,
		Hasher:        hasher,
		Master:        master,
		SigningNotice: s.SigningKeyNotice,
	}))
}

// TicketSettings are what tickets are like.
type TicketSettings struct {
	AccessLifetime           time.Duration `help:"Lifetime of an access token." default:"15m" group:"Tickets:"`
	RefreshLifetime          time.Duration `help:"Lifetime of a customer's refresh token, from the last refresh." default:"336h" group:"Tickets:"`
	AnonymousRefreshLifetime time.Duration `help:"Lifetime of an anonymous shopper's refresh token, from the last refresh." default:"720h" group:"Tickets:"`
	SessionLifetime          time.Duration `help:"Longest lifetime of a session, refreshed or not; at most 400 days." default:"2160h" group:"Tickets:"`
	ReuseWindow              time.Duration `help:"How long a used refresh token gives the same ticket again without its attempt; after that, it ends the session." default:"30s" group:"Tickets:"`
	SessionsPerCustomer      int           `help:"Most sessions of a customer; beyond that, the least recently refreshed one ends." default:"50" group:"Tickets:"`
	DatabaseLag              time.Duration `help:"How far a database node may lag behind. Younger tokens that are ahead of it are put off, older ones refused." default:"10m" group:"Database:"`
	KeyRotation              time.Duration `help:"After how long new keys take the place of those that seal and sign tickets; 0 means by hand only." default:"2160h" group:"Tickets:"`
	Behaviors                []string      `help:"Behaviors that tickets of the application storefront carry, of customers and of anonymous shoppers alike, e.g. cart.write,catalog.read. Where given, set at each start." placeholder:"NAME" group:"Tickets:"`

	Lockout                time.Duration `help:"How long wrong passwords from several sources lock an account; 0 means until an operator unlocks it." default:"15m" group:"Passwords:"`
	GuessWindow            time.Duration `help:"Window in which a source's wrong passwords count." default:"15m" group:"Passwords:"`
	GuessesPerSource       int           `help:"Wrong passwords per source and name in the window before the source must wait." default:"5" group:"Passwords:"`
	GuessesOfSource        int           `help:"Wrong passwords per source, for all names, in the window before the source must wait." default:"100" group:"Passwords:"`
	GuessesPerAccount      int           `help:"Wrong passwords in a row, of several sources, for one name of an account before it locks." default:"20" group:"Passwords:"`
	GuessesPerSourceAndDay int           `help:"Wrong passwords per source and name in a day before the source must wait." default:"20" group:"Passwords:"`
	GuessesPerDay          int           `help:"Wrong passwords for one account in a day, of all sources, half of them for each of its two names; after that, only known devices may try." default:"100" group:"Passwords:"`
	RowsPerSource          int           `help:"Anonymous shoppers of a source that may refresh or end their first ticket in a minute, which writes their session." default:"120" group:"Tickets:"`
	RefusalStep            time.Duration `help:"Wrong passwords are answered after whole steps of this, to hide how a password is stored; 0 means at once." default:"500ms" group:"Passwords:"`
}

// Check returns all faults of the settings together, nil when there are none.
func (s *TicketSettings) Check() error {
	faults := []error{
		positive("--access-lifetime", s.AccessLifetime),
		positive("--refresh-lifetime", s.RefreshLifetime),
		positive("--anonymous-refresh-lifetime", s.AnonymousRefreshLifetime),
		positive("--session-lifetime", s.SessionLifetime),
		positive("--sessions-per-customer", s.SessionsPerCustomer),
		positive("--database-lag", s.DatabaseLag),
		positive("--guess-window", s.GuessWindow),
		positive("--guesses-per-source", s.GuessesPerSource),
		positive("--guesses-per-source-and-day", s.GuessesPerSourceAndDay),
		positive("--guesses-per-day", s.GuessesPerDay),
		positive("--rows-per-source", s.RowsPerSource),
		positive("--guesses-of-source", s.GuessesOfSource),
		positive("--guesses-per-account", s.GuessesPerAccount),
		applications.CheckBehaviors("--behaviors", s.Behaviors),
	}
	if s.AccessLifetime > min(s.RefreshLifetime, s.AnonymousRefreshLifetime) {
		faults = append(faults, errors.New("--access-lifetime: must not be longer than --refresh-lifetime and --anonymous-refresh-lifetime"))
	}
	if s.SessionLifetime > applications.LongestSession {
		faults = append(faults, fmt.Errorf("--session-lifetime: must be at most %s", applications.LongestSession))
	}
	if s.ReuseWindow < 0 || s.ReuseWindow > s.AccessLifetime {
		faults = append(faults, errors.New("--reuse-window: must not be negative, nor longer than --access-lifetime"))
	}
	if s.Lockout < 0 {
		faults = append(faults, errors.New("--lockout: must not be negative"))
	}
	if s.KeyRotation != 0 && s.KeyRotation < timing.LeastKeyRotation {
		faults = append(faults, fmt.Errorf("--key-rotation: must be 0 or at least %s", timing.LeastKeyRotation))
	}
	const household = 2 // an IPv4 address and an IPv6 network
	if s.GuessesPerAccount <= household*s.GuessesPerSource {
		faults = append(faults, errors.New("--guesses-per-account: must be more than twice --guesses-per-source, "+
			"or one household could lock an owner out"))
	}
	if s.GuessesPerDay <= tickets.NamesPerAccount*household*s.GuessesPerSourceAndDay {
		faults = append(faults, errors.New("--guesses-per-day: must be more than four times --guesses-per-source-and-day, "+
			"or one household could lock an owner out"))
	}
	if s.RefusalStep < 0 || s.RefusalStep > 5*time.Second {
		faults = append(faults, errors.New("--refusal-step: must be between 0 and 5s"))
	}
	return errors.Join(faults...)
}

// Policy returns how long things last.
func (s *TicketSettings) Policy() tickets.Policy {
	return tickets.Policy{
		AccessLifetime: s.AccessLifetime, RefreshLifetime: s.RefreshLifetime, AnonymousRefreshLifetime: s.AnonymousRefreshLifetime,
		SessionLifetime: s.SessionLifetime, ReuseWindow: s.ReuseWindow,
		DatabaseLag: s.DatabaseLag, SessionsPerCustomer: s.SessionsPerCustomer,
		GuessesPerSource: s.GuessesPerSource, GuessWindow: s.GuessWindow, GuessesPerAccount: s.GuessesPerAccount,
		GuessesPerSourceAndDay: s.GuessesPerSourceAndDay, GuessesPerDay: s.GuessesPerDay,
		RowsPerSource:   s.RowsPerSource,
		GuessesOfSource: s.GuessesOfSource, Lockout: s.Lockout, RefusalStep: s.RefusalStep,
	}
}
