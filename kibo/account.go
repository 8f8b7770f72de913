package kibo

import (
	"slices"
	"strconv"
	"time"

	"github.com/authtickets/authtickets/accounts"
	"github.com/authtickets/authtickets/models"
)

// shownFields are the fields of an account that clients can see: all except passwords.
//
//nolint:gochecknoglobals // it does not change
var shownFields = slices.DeleteFunc(accounts.Fields(), func(field *accounts.Field) bool {
	return field.In(&models.CustomerAccount{}) == nil
})

// selectedAccount returns what must be read of an account for the selected fields.
func selectedAccount(selected *fields) *accounts.Selection {
	selection := &accounts.Selection{}
	for _, field := range shownFields {
		if selected.has(field.Name()) {
			selection.Add(field)
		}
	}
	return selection
}

// accountJSON returns the selected fields of an account.
func accountJSON(account *models.CustomerAccount, selected *fields) []byte {
	shown := newObject(selected)
	for _, field := range shownFields {
		if name := field.Name(); shown.name(name) {
			shown.json = appendValue(shown.json, field.In(account), selected.in(name))
		}
	}
	return shown.end()
}

// appendValue appends the value of a field, as Kibo's clients read it. A field without a value is
// null, except that they expect a number for an anonymous shopper, too.
func appendValue(out []byte, field any, selected *fields) []byte {
	switch value := field.(type) {
	case *bool:
		return strconv.AppendBool(out, *value)
	case *models.ID:
		return appendText(out, value.String())
	case **int64:
		if *value == nil {
			return append(out, '0')
		}
		return strconv.AppendInt(out, **value, 10)
	case **string:
		if *value != nil {
			return appendText(out, **value)
		}
	case **time.Time:
		if *value != nil {
			return appendText(out, instant(**value))
		}
	case *[]models.CustomerAttribute:
		return appendAttributes(out, *value, selected)
	}
	return append(out, "null"...)
}

// appendAttributes appends the selected fields of attributes. Values are written as they were
// stored, so that numbers keep all their digits.
func appendAttributes(out []byte, attributes []models.CustomerAttribute, selected *fields) []byte {
	out = append(out, '[')
	for i, attribute := range attributes {
		if i > 0 {
			out = append(out, ',')
		}
		out = append(out, attributeJSON(attribute, selected)...)
	}
	return append(out, ']')
}

func attributeJSON(attribute models.CustomerAttribute, selected *fields) []byte {
	shown := newObject(selected)
	shown.text("fullyQualifiedName", attribute.FullyQualifiedName)
	if id := attribute.AttributeDefinitionID; shown.name("attributeDefinitionId") {
		if id == nil {
			shown.json = append(shown.json, "null"...)
		} else {
			shown.json = strconv.AppendInt(shown.json, *id, 10)
		}
	}
	if shown.name("values") {
		shown.json = append(shown.json, '[')
		for i, value := range attribute.Values {
			if i > 0 {
				shown.json = append(shown.json, ',')
			}
			shown.json = append(shown.json, value...)
		}
		shown.json = append(shown.json, ']')
	}
	return shown.end()
}
