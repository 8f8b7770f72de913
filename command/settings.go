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

	"github.com/authtickets/authtickets/password"
	"github.com/authtickets/authtickets/seal"
	"github.com/authtickets/authtickets/secret"
	"github.com/authtickets/authtickets/storage"
	"github.com/authtickets/authtickets/timing"
	"github.com/authtickets/authtickets/wiring"
)

// Settings are the settings that more than one command needs. The tags hold the defaults and the
// help texts. Each setting is also a variable, and a key of the file that --config names.
type Settings struct {
	generalSettings  `group:"General:"`
	databaseSettings `group:"Database:"`
	keySettings      `group:"Tickets:"`
	hashSettings     `group:"Passwords:"`
}

// generalSettings say where the settings and the data are, and what is logged.
type generalSettings struct {
	Config string `placeholder:"FILE" help:"YAML file with settings. Its keys are the names of the flags."`
	Data   string `default:"./data" type:"path" help:"Folder of the embedded database and its key file."`

	LogFormat string `default:"text" help:"Format of the log: text or json."`
	LogLevel  string `default:"info" help:"Lowest level to log: debug, info, warn or error."`
}

// databaseSettings say which database to use, and how.
type databaseSettings struct {
	Database secret.Text `placeholder:"URL" help:"mysql://user@host:3306/name, a MySQL DSN, or sqlite:///path."`

	DatabaseFile      string `placeholder:"FILE" help:"File that holds the value of --database, with the password."`
	DatabaseAuthority string `placeholder:"FILE" help:"CA certificates (PEM) for encrypted database connections."`

	DatabaseConnections   int           `default:"32" help:"Most connections to the database at a time."`
	DatabaseLifetime      time.Duration `default:"30m" help:"How long a connection is used before it is replaced."`
	DatabaseConnectWait   time.Duration `default:"3s" help:"How long an attempt to connect may take."`
	DatabaseStatementWait time.Duration `default:"5s" help:"How long the answer to a statement may take."`
}

// keySettings are about the keys of the tickets.
type keySettings struct {
	Keys string `placeholder:"FILE" help:"Master key: a key file or an AWS KMS key. Or set AUTHTICKETS_KEYSET."`

	SigningKeyNotice time.Duration `default:"24h" help:"How long a new signing key is published before it is used."`
}

// hashSettings say what a password hash costs.
type hashSettings struct {
	HashMemory      int           `default:"19456" help:"Memory of a password hash (argon2id), in KiB."`
	HashIterations  int           `default:"2" help:"Number of passes of a password hash over its memory."`
	HashParallelism int           `default:"1" help:"Number of threads of a password hash."`
	HashConcurrent  int           `default:"0" help:"Most password hashes at a time; 0 means one per core."`
	HashWait        time.Duration `default:"5s" help:"How long a sign-in may wait for its turn to hash."`
}

// Check returns all faults of the settings as one error, or nil.
func (s *Settings) Check() error {
	faults := []error{
		positive("--database-connections", s.DatabaseConnections),
		positive("--database-lifetime", s.DatabaseLifetime),
		positive("--database-connect-wait", s.DatabaseConnectWait),
		positive("--database-statement-wait", s.DatabaseStatementWait),
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
		faults = append(faults, errors.New("--database and --database-file: set only one of them"))
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

	const leastWork = 7168 * 5 // the cheapest setting of OWASP's password storage cheat sheet: 7 MiB, 5 passes
	if s.HashMemory*s.HashIterations < leastWork {
		faults = append(faults, fmt.Errorf(
			"--hash-memory times --hash-iterations: must be at least %d, or guessing is cheap", leastWork))
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
	_ = level.UnmarshalText([]byte(s.LogLevel)) // Check allows only valid levels
	options := &slog.HandlerOptions{Level: level}
	if s.LogFormat == "json" {
		return slog.NewJSONHandler(out, options)
	}

	return slog.NewTextHandler(out, options)
}

// DatabaseURL returns the address of the database.
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

// authorities returns the authorities that may have signed the database's certificate, or nil if
// the setting is empty.
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

// OpenStore opens the database. It does not check the schema yet.
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
		URL:                url,
		Authorities:        authorities,
		Connections:        s.DatabaseConnections,
		ConnectionLifetime: s.DatabaseLifetime,
		ConnectTimeout:     s.DatabaseConnectWait,
		StatementTimeout:   s.DatabaseStatementWait,
		Now:                env.Now,
		Log:                env.Log,
	})
}

// Hasher returns the password hasher.
func (s *Settings) Hasher() (*password.Hasher, error) {
	return password.New(password.Settings{
		MemoryKiB:   s.HashMemory,
		Iterations:  s.HashIterations,
		Parallelism: s.HashParallelism,
		Concurrent:  s.HashConcurrent,
		Wait:        s.HashWait,
	})
}

// HashesMemory returns how many bytes password hashes need if as many run at a time as may.
func (s *Settings) HashesMemory() (int64, error) {
	hasher, err := s.Hasher()
	if err != nil {
		return 0, err
	}
	return int64(hasher.Concurrent()) * int64(s.HashMemory) << 10, nil
}

// PrepareSchema checks the settings of a database server and its schema. It migrates the embedded
// database.
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

// with opens the database, checks its schema, and passes the wired parts to do. The master key may
// be nil if do does not need it.
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
