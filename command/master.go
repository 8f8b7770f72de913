package command

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/authtickets/authtickets/keyring"
	"github.com/authtickets/authtickets/seal"
	"github.com/authtickets/authtickets/secret"
	"github.com/authtickets/authtickets/storage"
)

// keysetVariable holds the contents of a key file, for platforms that pass secrets in variables.
const keysetVariable = "AUTHTICKETS_KEYSET"

// LoadMaster returns the master key. It makes a missing key file only with the embedded database,
// because replicas on a database server must share one. It does not contact a key management
// service yet.
func (s *Settings) LoadMaster(env *Environment) (*seal.Master, error) {
	master, err := s.existingMaster(env)
	if !s.makesKeys() || !errors.Is(err, fs.ErrNotExist) {
		return master, err
	}
	if err := os.MkdirAll(s.Data, 0o700); err != nil {
		return nil, fmt.Errorf("--data: %w", err)
	}
	if err := seal.CreateFile(s.keyFile()); err != nil && !errors.Is(err, fs.ErrExist) {
		return nil, err
	}

	return loadMaster(env, "--keys", s.keyFile())
}

// CheckKeys returns the error that LoadMaster would return, and makes no keys.
func (s *Settings) CheckKeys(env *Environment) error {
	_, err := s.existingMaster(env)
	if s.makesKeys() && errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

func (s *Settings) existingMaster(env *Environment) (*seal.Master, error) {
	keyset := env.Getenv(keysetVariable)
	switch {
	case keyset == "":
		return loadMaster(env, "--keys", s.keyFile())
	case s.Keys != "":
		return nil, errors.New(keysetVariable + " and --keys: set only one of them")
	}

	master, err := seal.ParseMaster(secret.New(keyset))
	if err != nil {
		return nil, fmt.Errorf("%s: %w; make a valid one with: authtickets keys create FILE", keysetVariable, err)
	}

	return master, nil
}

// makesKeys reports whether a missing key file is made. It returns true if the address of the
// database cannot be read, because that is reported as a fault of its own.
func (s *Settings) makesKeys() bool {
	url, err := s.DatabaseURL()
	return s.Keys == "" && (err != nil || storage.Embedded(url))
}

func (s *Settings) keyFile() string {
	if s.Keys != "" {
		return s.Keys
	}
	return filepath.Join(s.Data, "keys.json")
}

// loadMaster returns the master key that a setting names. Its errors say what to do.
func loadMaster(env *Environment, setting, name string) (*seal.Master, error) {
	if seal.IsKMS(name) {
		master, err := seal.KMSMaster(env.Context, name)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", setting, err)
		}
		return master, nil
	}

	master, err := seal.LoadMaster(name)
	switch {
	case err == nil:
		return master, nil
	case errors.Is(err, seal.ErrReadableByOthers):
		return nil, fmt.Errorf("%w, or put its contents into %s", err, keysetVariable)
	case errors.Is(err, fs.ErrNotExist):
		return nil, fmt.Errorf(
			"%w; make one with: authtickets keys create %s, or name the one in use with %s", err, name, setting)
	default:
		return nil, fmt.Errorf("%w; make a valid one with: authtickets keys create FILE", err)
	}
}

// LoadKeysets makes the first keysets if there are none, and loads all. If the master key is the
// wrong one, the error says what to do.
func LoadKeysets(ctx context.Context, ring *keyring.Ring) error {
	err := ring.Load(ctx)
	switch {
	case errors.Is(err, seal.ErrMasterKey):
		return fmt.Errorf("%w; --keys must name the master key that the database was created with, or changed to", err)
	case errors.Is(err, keyring.ErrNeedsKeyFile):
		return fmt.Errorf(
			"%w: start once with that file as --keys FILE, then run: authtickets keys change-master --to URI; "+
				"starting with another master key would end every session",
			err,
		)
	}

	return err
}
