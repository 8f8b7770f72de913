package kibo

import (
	"slices"
	"strconv"
	"time"

	"github.com/authtickets/authtickets/accounts"
	"github.com/authtickets/authtickets/models"
)

// visibleFields are the fields of an account that clients can see: all except passwords.
//
//nolint:gochecknoglobals // it does not change
var visibleFields = slices.DeleteFunc(accounts.Fields(), func(field *accounts.Field) bool {
	return field.In(&models.CustomerAccount{}) == nil
})

// selectedAccount returns what must be read of an account for the selected fields.
func selectedAccount(selected *fields) *accounts.Selection {
	selection := &accounts.Selection{}
	for _, field := range visibleFields {
		if selected.has(field.Name()) {
			selection.Add(field)
		}
	}
	return selection
}

// accountJSON returns the selected fields of an account.
func accountJSON(account *models.CustomerAccount, selected *fields) []byte {
	out := newObject(selected)
	for _, field := range visibleFields {
		if name := field.Name(); out.begin(name) {
			out.json = appendValue(out.json, field.In(account), selected.in(name))
		}
	}
	return out.end()
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
		if *value == nil {
			return appendNull(out)
		}
		return appendText(out, **value)
	case **time.Time:
		if *value == nil {
			return appendNull(out)
		}
		return appendText(out, instant(**value))
	case *[]models.CustomerAttribute:
		return appendAttributes(out, *value, selected)
	}
	return out
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
	out := newObject(selected)
	out.text("fullyQualifiedName", attribute.FullyQualifiedName)
	if id := attribute.AttributeDefinitionID; out.begin("attributeDefinitionId") {
		if id == nil {
			out.json = appendNull(out.json)
		} else {
			out.json = strconv.AppendInt(out.json, *id, 10)
		}
	}
	if out.begin("values") {
		out.json = append(out.json, '[')
		for i, value := range attribute.Values {
			if i > 0 {
				out.json = append(out.json, ',')
			}
			out.json = append(out.json, value...)
		}
		out.json = append(out.json, ']')
	}
	return out.end()
}
