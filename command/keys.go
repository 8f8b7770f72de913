package command

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"text/tabwriter"
	"time"

	"github.com/authtickets/authtickets/keyring"
	"github.com/authtickets/authtickets/models"
	"github.com/authtickets/authtickets/seal"
)

// Keys are the commands for key files, and for the keysets of the database.
type Keys struct {
	Create       CreateKeys   `cmd:"" help:"Make a key file with one random key, readable by its owner only. An existing file is never overwritten."`
	List         ListKeys     `cmd:"" help:"List the keysets of the database."`
	Rotate       RotateKeys   `cmd:"" help:"Have new keysets take the place of those in use. Nobody is signed out."`
	Retire       RetireKeyset `cmd:"" help:"Delete an old keyset before its time. What was sealed or signed under it is refused from then on."`
	ChangeMaster ChangeMaster `cmd:"" help:"Encrypt the keysets of the database under another master key. Nobody is signed out."`
}

// CreateKeys makes a key file.
type CreateKeys struct {
	File string `arg:"" help:"Where to make it."`
}

// Run carries the command out.
func (c *CreateKeys) Run(env *Environment) error {
	if err := os.MkdirAll(filepath.Dir(c.File), 0o700); err != nil {
		return err
	}
	if err := seal.CreateFile(c.File); err != nil {
		return err
	}
	_, err := fmt.Fprintf(env.Stdout, "Made %s. Give every replica a copy, and keep one safe: without it no replica starts.\n", c.File)
	return err
}

// withRing opens the ring of the database and does something with it. With a master key the keysets are loaded, and made where there are none. Without one the ring can tell and delete
// only.
func withRing(env *Environment, settings *Settings, master *seal.Master, do func(*keyring.Ring) error) (err error) {
	store, err := settings.OpenStore(env)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, store.Close()) }()
	if err := settings.PrepareSchema(env.Context, store); err != nil {
		return err
	}
	ring := &keyring.Ring{
		Store:         store,
		Master:        master,
		Keys:          new(seal.Keys),
		Signers:       new(seal.Signers),
		Life:          new(TicketSettings).KeyLife,
		SigningNotice: settings.SigningKeyNotice,
		Now:           env.Now,
	}
	if master != nil {
		if err := LoadKeysets(env.Context, ring); err != nil {
			return err
		}
	}
	return do(ring)
}

// withKeysets is withRing with the master key of the settings.
func withKeysets(env *Environment, settings *Settings, do func(*keyring.Ring) error) error {
	master, err := settings.LoadMaster(env)
	if err != nil {
		return err
	}
	return withRing(env, settings, master, do)
}

// ListKeys lists keysets.
type ListKeys struct {
	JSON bool `help:"List them as JSON Lines."`
}

// Run carries the command out.
func (c *ListKeys) Run(env *Environment, settings *Settings) error {
	return withRing(env, settings, nil, func(ring *keyring.Ring) error {
		entries, err := ring.List(env.Context)
		if err != nil {
			return err
		}
		if c.JSON {
			return listJSON(env, entries)
		}
		return listTable(env, entries)
	})
}

func listJSON(env *Environment, entries []keyring.Entry) error {
	encoder := json.NewEncoder(env.Stdout)
	for _, entry := range entries {
		if err := encoder.Encode(map[string]any{
			"purpose": entry.Purpose, "number": entry.Number, "state": entry.State, "publishedAt": entry.PublishedAt, "usedFrom": entry.UsedFrom, "retiresAt": entry.RetiresAt,
		}); err != nil {
			return err
		}
	}
	return nil
}

func listTable(env *Environment, entries []keyring.Entry) error {
	if len(entries) == 0 {
		_, err := fmt.Fprintln(env.Stdout, "There are no keysets yet. The server makes them at its first start.")
		return err
	}
	table := tabwriter.NewWriter(env.Stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "purpose\tnumber\tstate\tpublished\tused from\tretires")
	for _, entry := range entries {
		usedFrom, retires := instant(entry.UsedFrom), "-"
		if entry.UsedFrom.Unix() == 0 {
			usedFrom = "the beginning"
		}
		if entry.RetiresAt != nil {
			retires = instant(*entry.RetiresAt) + " or later" // a server can be set to longer lifetimes
		}
		fmt.Fprintf(table, "%s\t%d\t%s\t%s\t%s\t%s\n", entry.Purpose, entry.Number, entry.State, instant(entry.PublishedAt), usedFrom, retires)
	}
	return table.Flush()
}

// instant is an instant as people read it.
func instant(at time.Time) string { return at.UTC().Format(time.RFC3339) }

// RotateKeys rotates keysets.
type RotateKeys struct {
	Purpose string        `help:"Which keysets: seal, those that seal tokens; sign, those that sign what others verify; or both." enum:"seal,sign,both" default:"both"`
	Delay   time.Duration `help:"How long new keysets are published before use: at least 15s, so that every replica has read them. By default 1m for those that seal, --signing-key-notice for those that sign."`
}

// Run carries the command out.
func (c *RotateKeys) Run(env *Environment, settings *Settings) error {
	purposes := []models.KeyPurpose{models.SealKeys, models.SignKeys}
	if c.Purpose != "both" {
		purposes = []models.KeyPurpose{models.KeyPurpose(c.Purpose)}
	}
	return withKeysets(env, settings, func(ring *keyring.Ring) error {
		for _, purpose := range purposes {
			keyset, err := ring.Rotate(env.Context, purpose, cmp.Or(c.Delay, ring.Notice(purpose)))
			if errors.Is(err, keyring.ErrTooSoon) {
				return fmt.Errorf("--delay: %w", err)
			}
			if err != nil {
				return err
			}
			fmt.Fprintf(env.Stdout, "Published keyset %s %d. It is in use from %s on. The one before stays for as long as what was made under it can live.\n",
				purpose, keyset.Number, instant(keyset.UsedFrom))
		}
		return nil
	})
}

// RetireKeyset retires a keyset.
type RetireKeyset struct {
	Purpose models.KeyPurpose `arg:"" enum:"seal,sign" help:"Its purpose: seal or sign."`
	Number  int               `arg:"" help:"Its number."`
	Yes     bool              `help:"Do not ask."`
}

// Run carries the command out.
func (c *RetireKeyset) Run(env *Environment, settings *Settings) error {
	return withRing(env, settings, nil, func(ring *keyring.Ring) error {
		entry, err := ring.Find(env.Context, c.Purpose, c.Number)
		if err != nil {
			return err
		}
		if entry.State != keyring.Old {
			return keyring.ErrNeeded
		}
		if !c.Yes && !confirmed(env, fmt.Sprintf("Delete keyset %s %d? What was made under it can live until %s, and is refused from now on.", c.Purpose, c.Number, instant(*entry.RetiresAt))) {
			return errNotConfirmed
		}
		if err := ring.Retire(env.Context, c.Purpose, c.Number); err != nil {
			return err
		}
		_, err = fmt.Fprintf(env.Stdout, "Keyset %s %d is retired. Within seconds every replica refuses what was made under it.\n", c.Purpose, c.Number)
		return err
	})
}

// ChangeMaster changes the master key.
type ChangeMaster struct {
	To string `help:"The new master key: a key file, or a key of AWS KMS." placeholder:"FILE" required:""`
}

// Run carries the command out.
func (c *ChangeMaster) Run(env *Environment, settings *Settings) error {
	next, err := loadMaster(env, "--to", c.To)
	if err != nil {
		return err
	}
	return withKeysets(env, settings, func(ring *keyring.Ring) error {
		count, err := ring.ChangeMaster(env.Context, next)
		if err != nil {
			return err
		}
		_, err = fmt.Fprintf(env.Stdout, "Encrypted %d keysets under the new master key. Start every replica with --keys %s now: those that run go on with the keysets they have, and cannot read new ones.\n"+
			"Keep the former master key for as long as you keep backups of the database that were made before.\n", count, c.To)
		return err
	})
}
