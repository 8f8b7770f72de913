package command

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"text/tabwriter"
	"time"

	"github.com/authtickets/authtickets/access"
	"github.com/authtickets/authtickets/keyring"
	"github.com/authtickets/authtickets/models"
	"github.com/authtickets/authtickets/seal"
	"github.com/authtickets/authtickets/wiring"
)

// Keys holds the commands for key files and for the keysets in the database.
type Keys struct {
	Create       createKeys   `cmd:"" help:"Make a key file that only its owner can read. It never overwrites a file."`
	List         listKeys     `cmd:"" help:"List the keysets of the database."`
	Rotate       rotateKeys   `cmd:"" help:"Replace the keysets in use. Nobody is signed out."`
	Retire       retireKeyset `cmd:"" help:"Delete an old keyset early. Its tokens are refused from then on."`
	ChangeMaster changeMaster `cmd:"" help:"Encrypt the keysets under another master key. Nobody is signed out."`
}

type createKeys struct {
	File string `arg:"" help:"Path of the new file."`
}

func (c *createKeys) Run(env *Environment) error {
	if err := os.MkdirAll(filepath.Dir(c.File), 0o700); err != nil {
		return err
	}
	if err := seal.CreateFile(c.File); err != nil {
		return err
	}

	_, err := fmt.Fprintf(
		env.Stdout,
		"Created %s. Give every replica a copy, and keep one safe: without it no replica starts.\n",
		c.File,
	)
	return err
}

// withRing opens the database's ring of keysets and passes it to do. With a master key it loads the
// keysets, or makes the first ones. Without a master key the ring can only list and delete.
func withRing(env *Environment, settings *Settings, master *seal.Master, do func(*keyring.Ring) error) error {
	return settings.with(env, master, func(parts *wiring.Parts) error {
		if master != nil {
			if err := LoadKeysets(env.Context, parts.Ring); err != nil {
				return err
			}
		}
		return do(parts.Ring)
	})
}

// withKeysets is like withRing, with the master key of the settings.
func withKeysets(env *Environment, settings *Settings, do func(*keyring.Ring) error) error {
	master, err := settings.LoadMaster(env)
	if err != nil {
		return err
	}
	return withRing(env, settings, master, do)
}

type listKeys struct {
	JSON bool `help:"List them as JSON Lines."`
}

func (c *listKeys) Run(env *Environment, settings *Settings) error {
	return withRing(env, settings, nil, func(ring *keyring.Ring) error {
		entries, err := ring.List(env.Context, access.Operator())
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
			"purpose": entry.Purpose, "number": entry.Number, "state": entry.State,
			"publishedAt": entry.PublishedAt, "usedFrom": entry.UsedFrom, "retiresAt": entry.RetiresAt,
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
			retires = instant(*entry.RetiresAt) + " or later" // a server's settings may have longer lifetimes
		}

		fmt.Fprintf(
			table, "%s\t%d\t%s\t%s\t%s\t%s\n", entry.Purpose, entry.Number, entry.State,
			instant(entry.PublishedAt), usedFrom, retires,
		)
	}

	return table.Flush()
}

// instant formats a time for people.
func instant(at time.Time) string { return at.UTC().Format(time.RFC3339) }

type rotateKeys struct {
	Purpose string         `enum:"seal,sign,both" default:"both" help:"Which keysets: seal, sign or both."`
	Delay   *time.Duration `placeholder:"DURATION" help:"How long new keysets are published before use, at least 15s."`
}

// Help explains the flags.
func (*rotateKeys) Help() string {
	return `The keysets "seal" are for tokens, and the keysets "sign" for JWTs, which other services verify.
The delay gives every replica time to read a new keyset. By default it is 1m for "seal", and the
value of --signing-key-notice for "sign".`
}

func (c *rotateKeys) Run(env *Environment, settings *Settings) error {
	purposes := []models.KeyPurpose{models.SealKeys, models.SignKeys}
	if c.Purpose != "both" {
		purposes = []models.KeyPurpose{models.KeyPurpose(c.Purpose)}
	}
	return withKeysets(env, settings, func(ring *keyring.Ring) error {
		for _, purpose := range purposes {
			delay := ring.Notice(purpose)
			if c.Delay != nil {
				delay = *c.Delay
			}
			keyset, err := ring.Rotate(env.Context, access.Operator(), purpose, delay)
			if errors.Is(err, keyring.ErrTooSoon) {
				return fmt.Errorf("--delay: %w", err)
			}
			if err != nil {
				return err
			}

			fmt.Fprintf(
				env.Stdout,
				"Published keyset %s %d. It is used from %s. The previous keyset stays until nothing made with it "+
					"can be valid any more.\n",
				purpose,
				keyset.Number,
				instant(keyset.UsedFrom),
			)
		}
		return nil
	})
}

type retireKeyset struct {
	Purpose models.KeyPurpose `arg:"" enum:"seal,sign" help:"Purpose of the keyset: seal or sign."`
	Number  int               `arg:"" help:"Number of the keyset."`
	Yes     bool              `help:"Do not ask for confirmation."`
}

func (c *retireKeyset) Run(env *Environment, settings *Settings) error {
	return withRing(env, settings, nil, func(ring *keyring.Ring) error {
		entry, err := ring.Find(env.Context, access.Operator(), c.Purpose, c.Number)
		if err != nil {
			return err
		}
		if entry.State != keyring.Old {
			return keyring.ErrNeeded
		}

		question := fmt.Sprintf("Delete keyset %s %d? What was made with it can be valid until %s, "+
			"and would be refused from now on.", c.Purpose, c.Number, instant(*entry.RetiresAt))
		if !c.Yes && !confirmed(env, question) {
			return errNotConfirmed
		}

		if err := ring.Retire(env.Context, access.Operator(), c.Purpose, c.Number); err != nil {
			return err
		}

		_, err = fmt.Fprintf(
			env.Stdout,
			"Keyset %s %d is retired. Within seconds every replica refuses what was made with it.\n",
			c.Purpose,
			c.Number,
		)
		return err
	})
}

type changeMaster struct {
	To string `help:"The new master key: a key file, or a key of AWS KMS." placeholder:"FILE" required:""`
}

func (c *changeMaster) Run(env *Environment, settings *Settings) error {
	next, err := loadMaster(env, "--to", c.To)
	if err != nil {
		return err
	}
	return withKeysets(env, settings, func(ring *keyring.Ring) error {
		count, err := ring.ChangeMaster(env.Context, access.Operator(), next)
		if err != nil {
			return err
		}

		_, err = fmt.Fprintf(
			env.Stdout,
			"Encrypted %d keysets under the new master key. Restart every replica with --keys %s now: until then, "+
				"it uses the keysets it has, and cannot read new ones.\n"+
				"Keep the previous master key while you keep backups of the database from before this change.\n",
			count,
			c.To,
		)
		return err
	})
}
