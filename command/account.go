package command

import (
	"errors"
	"fmt"

	"github.com/authtickets/authtickets/access"
	"github.com/authtickets/authtickets/accounts"
	"github.com/authtickets/authtickets/models"
	"github.com/authtickets/authtickets/wiring"
)

// Account holds the commands for customer accounts.
type Account struct {
	Create      createAccount     `cmd:"" help:"Create an account. Asks for the password, or reads it from the input."`
	Import      importAccounts    `cmd:"" help:"Create and update accounts from a file of JSON Lines or CSV."`
	Update      updateAccount     `cmd:"" help:"Change an account. Fields without a flag do not change."`
	Show        showAccount       `cmd:"" help:"Show an account."`
	SetPassword setPassword       `cmd:"" help:"Give an account a new password, and end its sessions."`
	Lock        lockAccount       `cmd:"" help:"Prevent sign-ins until the account is unlocked. Its sessions continue."`
	Unlock      unlockAccount     `cmd:"" help:"Remove all locks of an account, and forget its wrong passwords."`
	Activate    activateAccount   `cmd:"" help:"Make an account usable again."`
	Deactivate  deactivateAccount `cmd:"" help:"Make an account unusable, and end its sessions."`
	Delete      deleteAccount     `cmd:"" help:"Delete an account for good, and end its sessions."`
}

// namedAccount is an account that is named on the command line, in one of four ways.
type namedAccount struct {
	Name       string `arg:"" optional:"" help:"User name or e-mail address."`
	ID         int64  `help:"Number of the account, instead of its name." name:"id" placeholder:"NUMBER"`
	UserID     string `help:"User id that its tickets carry, instead of its name." name:"user-id" placeholder:"ID"`
	ExternalID string `help:"Its id in another system, instead of its name." name:"external-id" placeholder:"ID"`
}

var errNameOne = errors.New(
	"name one account: by its user name or e-mail address, with --id, --user-id or --external-id")

// key returns the key that names the account.
func (n *namedAccount) key() (accounts.Key, error) {
	var key accounts.Key
	ways := 0
	for _, given := range []bool{n.Name != "", n.ID != 0, n.UserID != "", n.ExternalID != ""} {
		if given {
			ways++
		}
	}

	if ways != 1 {
		return key, errNameOne
	}
	if n.Name != "" {
		key.SignInName = &n.Name
	}
	if n.ID != 0 {
		key.ID = &n.ID
	}
	if n.ExternalID != "" {
		key.ExternalID = &n.ExternalID
	}

	if n.UserID != "" {
		userID, err := models.ParseID(n.UserID)
		if err != nil {
			return key, fmt.Errorf("--user-id: %w", err)
		}

		key.UserID = &userID
	}

	return key, nil
}

// change opens the book, calls do to change the named account, and prints what was done.
func (n *namedAccount) change(
	env *Environment, settings *Settings, done string,
	do func(*accounts.Book, accounts.Key) (*models.CustomerAccount, error),
) error {
	return withBook(env, settings, func(book *accounts.Book) error {
		key, err := n.key()
		if err != nil {
			return err
		}

		account, err := do(book, key)
		if err != nil {
			return err
		}

		_, err = fmt.Fprintf(env.Stdout, done+"\n", *account.UserName)
		return err
	})
}

// withBook opens the book of accounts and passes it to do.
func withBook(env *Environment, settings *Settings, do func(*accounts.Book) error) error {
	return settings.with(env, nil, func(parts *wiring.Parts) error { return do(parts.Accounts) })
}

type setPassword struct{ namedAccount }

func (c *setPassword) Run(env *Environment, settings *Settings) error {
	return c.change(env, settings, "The password of %s is set, and its sessions have ended.",
		func(book *accounts.Book, key accounts.Key) (*models.CustomerAccount, error) {
			// Nobody should type a password for an account that does not exist.
			account, err := book.Find(env.Context, access.Operator(), key, nil)
			if err != nil {
				return nil, err
			}

			plain, err := askPassword(env)
			if err != nil {
				return nil, err
			}

			return book.SetPassword(env.Context, access.Operator(), accounts.Key{ID: account.ID}, plain, nil)
		})
}

type lockAccount struct{ namedAccount }

func (c *lockAccount) Run(env *Environment, settings *Settings) error {
	return c.change(env, settings, "%s is locked.",
		func(book *accounts.Book, key accounts.Key) (*models.CustomerAccount, error) {
			return book.Lock(env.Context, access.Operator(), key, nil)
		})
}

type unlockAccount struct{ namedAccount }

func (c *unlockAccount) Run(env *Environment, settings *Settings) error {
	return c.change(env, settings, "%s is not locked any more.",
		func(book *accounts.Book, key accounts.Key) (*models.CustomerAccount, error) {
			return book.Unlock(env.Context, access.Operator(), key, nil)
		})
}

type activateAccount struct{ namedAccount }

func (c *activateAccount) Run(env *Environment, settings *Settings) error {
	return c.change(env, settings, "%s is active.",
		func(book *accounts.Book, key accounts.Key) (*models.CustomerAccount, error) {
			return book.Activate(env.Context, access.Operator(), key, nil)
		})
}

type deactivateAccount struct{ namedAccount }

func (c *deactivateAccount) Run(env *Environment, settings *Settings) error {
	return c.change(env, settings, "%s is inactive, and its sessions have ended.",
		func(book *accounts.Book, key accounts.Key) (*models.CustomerAccount, error) {
			return book.Deactivate(env.Context, access.Operator(), key, nil)
		})
}

type deleteAccount struct {
	namedAccount

	Yes bool `help:"Do not ask for confirmation."`
}

var errNotConfirmed = errors.New("nothing was deleted: answer yes, or use --yes")

func (c *deleteAccount) Run(env *Environment, settings *Settings) error {
	return c.change(env, settings, "%s is deleted, and its sessions have ended.",
		func(book *accounts.Book, key accounts.Key) (*models.CustomerAccount, error) {
			account, err := book.Find(env.Context, access.Operator(), key, nil)
			if err != nil {
				return nil, err
			}

			question := fmt.Sprintf("Delete the account %d of %s for good?", *account.ID, *account.UserName)
			if !c.Yes && !confirmed(env, question) {
				return nil, errNotConfirmed
			}

			return book.Delete(env.Context, access.Operator(), accounts.Key{ID: account.ID})
		})
}
