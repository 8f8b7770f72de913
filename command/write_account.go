package command

import (
	"encoding/json"
	"errors"
	"fmt"

	"github.com/authtickets/authtickets/access"
	"github.com/authtickets/authtickets/accounts"
)

// accountFlags are the flags for the fields of an account. An empty value clears a field.
type accountFlags struct {
	fieldFlags

	Attribute map[string]string `placeholder:"NAME=JSON" mapsep:"none" help:"An attribute. Repeat the flag for more."`
}

// record returns a record with the fields whose flags are given.
func (f *accountFlags) record() (*accounts.Record, error) {
	attributes, err := f.attributes()
	if err != nil {
		return nil, err
	}

	var record accounts.Record
	return &record, errors.Join(f.set(&record), setGiven(&record, "attributes", attributes))
}

// setGiven sets a field of a record to a value, if there is one.
func setGiven(record *accounts.Record, field string, value *string) error {
	if value == nil {
		return nil
	}
	return record.Set(field, *value)
}

// attributes returns the attributes as the JSON list that a record takes, or nil if there are none.
func (f *accountFlags) attributes() (*string, error) {
	type attribute struct {
		FullyQualifiedName string            `json:"fullyQualifiedName"`
		Values             []json.RawMessage `json:"values"`
	}

	var list []attribute
	for name, value := range f.Attribute {
		var values []json.RawMessage
		if !json.Valid([]byte(value)) {
			return nil, fmt.Errorf("--attribute %s: the value must be JSON; a text is written %q", name, `"text"`)
		}
		if json.Unmarshal([]byte(value), &values) != nil {
			values = []json.RawMessage{json.RawMessage(value)}
		}

		list = append(list, attribute{name, values})
	}

	if len(list) == 0 {
		return nil, nil //nolint:nilnil // they are not set
	}

	text, err := json.Marshal(list)
	return new(string(text)), err
}

type createAccount struct {
	UserName   string  `arg:"" help:"User name."`
	ExternalID *string `help:"Id in another system." placeholder:"ID" name:"external-id"`

	accountFlags

	NoPassword bool `help:"Create the account without a password. Nobody can sign in until one is set."`
}

func (*createAccount) Help() string {
	return `For example:

  authtickets account create ada --email ada@example.com --attribute 'tenant~size=42'
  authtickets account create ada <password.txt

The value of an attribute is JSON: one value, or a list of values.`
}

func (c *createAccount) Run(env *Environment, settings *Settings) error {
	record, err := c.record()
	if err != nil {
		return err
	}

	err = errors.Join(setGiven(record, "userName", &c.UserName), setGiven(record, "externalId", c.ExternalID))
	if err != nil {
		return err
	}
	if !c.NoPassword {
		plain, err := askPassword(env)
		if err != nil {
			return err
		}
		if err := record.SetPassword(plain); err != nil {
			return err
		}
	}

	return withBook(env, settings, func(book *accounts.Book) error {
		account, err := book.Create(env.Context, access.Operator(), record)
		if err != nil {
			return err
		}

		_, err = fmt.Fprintf(env.Stdout, "Created account %d, user id %s.\n", *account.ID, account.UserID)
		return err
	})
}

type updateAccount struct {
	namedAccount

	NewUserName   *string `help:"New user name." placeholder:"NAME"`
	NewExternalID *string `help:"New id in another system." placeholder:"ID" name:"new-external-id"`

	accountFlags

	NoAttributes bool `help:"Remove all attributes."`
}

func (*updateAccount) Help() string {
	return `For example:

  authtickets account update ada --email ada@example.com --no-accepts-marketing
  authtickets account update --external-id C-17 --new-user-name ada --tax-id ""
  authtickets account update ada --attribute 'tenant~colour="teal"' --attribute 'tenant~sizes=[41,42]'

The value of an attribute is JSON: one value, or a list of values. The given attributes replace all
existing ones.`
}

var errBothAttributes = errors.New("--attribute and --no-attributes: use only one of them")

var errNothingToChange = errors.New("nothing to change: use a flag for each field to change")

func (c *updateAccount) Run(env *Environment, settings *Settings) error {
	key, err := c.key()
	if err != nil {
		return err
	}

	record, err := c.changed()
	if err != nil {
		return err
	}

	return withBook(env, settings, func(book *accounts.Book) error {
		account, err := book.Update(env.Context, access.Operator(), key, record)
		if err != nil {
			return err
		}

		_, err = fmt.Fprintf(env.Stdout, "%s is updated.\n", *account.UserName)
		return err
	})
}

// changed returns a record with the fields to change.
func (c *updateAccount) changed() (*accounts.Record, error) {
	record, err := c.record()
	if err != nil {
		return nil, err
	}

	err = errors.Join(setGiven(record, "userName", c.NewUserName), setGiven(record, "externalId", c.NewExternalID))
	if err != nil {
		return nil, err
	}

	switch {
	case c.NoAttributes && len(c.Attribute) > 0:
		return nil, errBothAttributes
	case c.NoAttributes:
		return record, record.SetValue("attributes", nil)
	case record.IsEmpty():
		return nil, errNothingToChange
	}

	return record, nil
}
