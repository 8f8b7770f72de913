package command

import (
	"encoding/json"
	"fmt"
	"io"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"
	"unicode"

	"github.com/authtickets/authtickets/access"
	"github.com/authtickets/authtickets/accounts"
	"github.com/authtickets/authtickets/models"
)

type showAccount struct {
	namedAccount

	JSON bool `help:"Show it as JSON, with the schema's field names."`
}

func (c *showAccount) Run(env *Environment, settings *Settings) error {
	return withBook(env, settings, func(book *accounts.Book) error {
		key, err := c.key()
		if err != nil {
			return err
		}

		account, err := book.Find(env.Context, access.Operator(), key, accounts.Whole())
		if err != nil {
			return err
		}

		if c.JSON {
			return showJSON(env.Stdout, account)
		}

		return showTable(env.Stdout, account)
	})
}

// showJSON writes one line, which account import can read.
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

// writeObject writes an object in one line, without escaping characters for HTML.
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

// plain formats a value for people. A missing value is a dash.
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

// printable replaces characters that could move a terminal's cursor or change its colours.
func printable(text string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsPrint(r) {
			return r
		}
		return unicode.ReplacementChar
	}, text)
}
