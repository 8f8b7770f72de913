package command

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"
	"unicode"

	"github.com/authtickets/authtickets/accounts"
	"github.com/authtickets/authtickets/models"
)

// Account are the commands for customer accounts.
type Account struct {
	Create      CreateAccount     `cmd:"" help:"Create an account. Its password is asked for, or is the first line of the standard input."`
	Import      ImportAccounts    `cmd:"" help:"Create and update accounts from a file of JSON Lines or CSV."`
	Update      UpdateAccount     `cmd:"" help:"Change an account. What no flag says stays as it is."`
	Show        ShowAccount       `cmd:"" help:"Show an account."`
	SetPassword SetPassword       `cmd:"" help:"Give an account a new password, and end its sessions. The password is asked for, or is the first line of the standard input."`
	Lock        LockAccount       `cmd:"" help:"Keep everybody from signing in to an account, until it is unlocked. Its sessions go on."`
	Unlock      UnlockAccount     `cmd:"" help:"End every lock of an account, and forget the wrong passwords."`
	Activate    ActivateAccount   `cmd:"" help:"Make an account usable again."`
	Deactivate  DeactivateAccount `cmd:"" help:"Make an account unusable, and end its sessions."`
	Delete      DeleteAccount     `cmd:"" help:"Delete an account for good, and end its sessions."`
}

// named is an account named on the command line, in one of four ways.
type named struct {
	Name       string `arg:"" optional:"" help:"User name or e-mail address."`
	ID         int64  `help:"Number of the account, instead of its name." name:"id" placeholder:"NUMBER"`
	UserID     string `help:"User id that its tickets carry, instead of its name." name:"user-id" placeholder:"ID"`
	ExternalID string `help:"Its id in another system, instead of its name." name:"external-id" placeholder:"ID"`
}

var errNameOne = errors.New("name one account: by its user name or e-mail address, with --id, --user-id or --external-id")

// key returns what names the account.
func (n *named) key() (accounts.Key, error) {
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

// withAccount opens the book, finds the account, does something with it, and says what was done.
func (n *named) withAccount(env *Environment, settings *Settings, done string, do func(*accounts.Book, *models.CustomerAccount) error) (err error) {
	return withBook(env, settings, func(book *accounts.Book) error {
		key, err := n.key()
		if err != nil {
			return err
		}
		account, err := book.Find(env.Context, key, accounts.Whole())
		if err != nil {
			return err
		}
		if err := do(book, account); err != nil {
			return err
		}
		if done != "" {
			_, err = fmt.Fprintf(env.Stdout, done+"\n", *account.UserName)
		}
		return err
	})
}

func withBook(env *Environment, settings *Settings, do func(*accounts.Book) error) (err error) {
	book, closeBook, err := settings.OpenBook(env)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, closeBook()) }()
	return do(book)
}

// ShowAccount shows an account.
type ShowAccount struct {
	named

	JSON bool `help:"Show it as JSON, with the schema's field names."`
}

// Run carries the command out.
func (c *ShowAccount) Run(env *Environment, settings *Settings) error {
	return c.withAccount(env, settings, "", func(_ *accounts.Book, account *models.CustomerAccount) error {
		if c.JSON {
			return showJSON(env.Stdout, account)
		}
		return showTable(env.Stdout, account)
	})
}

// showJSON writes one line, which can be imported.
func showJSON(out io.Writer, account *models.CustomerAccount) error {
	object := map[string]any{}
	for _, field := range accounts.Fields() {
		switch value := field.In(account).(type) {
		case nil: // a password
		case *[]models.CustomerAttribute:
			object[field.Name()] = attributeObjects(*value)
		default:
			object[field.Name()] = value
		}
	}
	return writeObject(out, object)
}

func attributeObjects(attributes []models.CustomerAttribute) []map[string]any {
	objects := make([]map[string]any, len(attributes))
	for i, attribute := range attributes {
		objects[i] = map[string]any{
			"fullyQualifiedName":    attribute.FullyQualifiedName,
			"attributeDefinitionId": attribute.AttributeDefinitionID,
			"values":                attribute.Values,
		}
	}
	return objects
}

// writeObject writes an object in one line, with every character as it is.
func writeObject(out io.Writer, object map[string]any) error {
	encoder := json.NewEncoder(out)
	encoder.SetEscapeHTML(false)
	return encoder.Encode(object)
}

func showTable(out io.Writer, account *models.CustomerAccount) error {
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	for _, field := range accounts.Fields() {
		var value string
		switch in := field.In(account).(type) {
		case **string:
			value = plain(*in)
		case **time.Time:
			value = plain(*in)
		case **int64:
			value = plain(*in)
		case *bool:
			value = plain(*in)
		case *models.ID:
			value = plain(*in)
		default: // a password, or the attributes, which follow below
			continue
		}
		fmt.Fprintf(table, "%s\t%s\n", field.Name(), value)
	}
	for _, attribute := range account.Attributes {
		values, err := json.Marshal(attribute.Values)
		if err != nil {
			return err
		}
		fmt.Fprintf(table, "attribute %s\t%s\n", attribute.FullyQualifiedName, printable(string(values)))
	}
	return table.Flush()
}

// plain is a value as people write it, and a dash for none.
func plain(value any) string {
	switch value := value.(type) {
	case *string:
		if value != nil {
			return printable(*value)
		}
	case *time.Time:
		if value != nil {
			return value.Format(time.RFC3339Nano)
		}
	case *int64:
		return strconv.FormatInt(*value, 10)
	default:
		return fmt.Sprint(value)
	}
	return "-"
}

// printable shows what would move a terminal's cursor or change its colours, instead of doing it.
func printable(text string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsPrint(r) {
			return r
		}
		return unicode.ReplacementChar
	}, text)
}

// SetPassword gives an account a new password.
type SetPassword struct{ named }

// Run carries the command out.
func (c *SetPassword) Run(env *Environment, settings *Settings) error {
	return c.withAccount(env, settings, "The password of %s is set, and its sessions have ended.",
		func(book *accounts.Book, account *models.CustomerAccount) error {
			plain, err := askPassword(env)
			if err != nil {
				return err
			}
			return book.SetPassword(env.Context, account, plain)
		})
}

// LockAccount locks an account.
type LockAccount struct{ named }

// Run carries the command out.
func (c *LockAccount) Run(env *Environment, settings *Settings) error {
	return c.withAccount(env, settings, "%s is locked.", func(book *accounts.Book, account *models.CustomerAccount) error {
		return book.Lock(env.Context, account)
	})
}

// UnlockAccount ends the locks of an account.
type UnlockAccount struct{ named }

// Run carries the command out.
func (c *UnlockAccount) Run(env *Environment, settings *Settings) error {
	return c.withAccount(env, settings, "%s is not locked any more.", func(book *accounts.Book, account *models.CustomerAccount) error {
		return book.Unlock(env.Context, account)
	})
}

// ActivateAccount makes an account usable.
type ActivateAccount struct{ named }

// Run carries the command out.
func (c *ActivateAccount) Run(env *Environment, settings *Settings) error {
	return c.withAccount(env, settings, "%s is active.", func(book *accounts.Book, account *models.CustomerAccount) error {
		return book.Activate(env.Context, account)
	})
}

// DeactivateAccount makes an account unusable.
type DeactivateAccount struct{ named }

// Run carries the command out.
func (c *DeactivateAccount) Run(env *Environment, settings *Settings) error {
	return c.withAccount(env, settings, "%s is inactive, and its sessions have ended.", func(book *accounts.Book, account *models.CustomerAccount) error {
		return book.Deactivate(env.Context, account)
	})
}

// DeleteAccount deletes an account.
type DeleteAccount struct {
	named

	Yes bool `help:"Do not ask."`
}

var errNotConfirmed = errors.New("nothing was deleted: say yes, or give --yes")

// Run carries the command out.
func (c *DeleteAccount) Run(env *Environment, settings *Settings) error {
	return c.withAccount(env, settings, "%s is deleted, and its sessions have ended.", func(book *accounts.Book, account *models.CustomerAccount) error {
		if !c.Yes && !confirmed(env, fmt.Sprintf("Delete the account %d of %s for good?", *account.ID, *account.UserName)) {
			return errNotConfirmed
		}
		return book.Delete(env.Context, account)
	})
}
