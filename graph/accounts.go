package graph

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"

	"github.com/authtickets/authtickets/accounts"
	"github.com/authtickets/authtickets/secret"
)

// recordOf reads the fields of an account from the input. The schema has checked their names and
// types. If a value is not valid, the operation that gets the record refuses it.
func recordOf(input map[string]any) *accounts.Record {
	var record accounts.Record
	for _, name := range slices.Sorted(maps.Keys(input)) {
		if err := setField(&record, name, input[name]); err != nil {
			record.Refuse(err)
			break
		}
	}
	return &record
}

// setField sets a field of a record to the value that gqlgen has read for it.
func setField(record *accounts.Record, name string, value any) error {
	text, isText := value.(*secret.Text)
	switch {
	case isText && text == nil:
		return record.SetValue(name, nil)
	case isText && name == "password":
		return record.SetPassword(*text)
	case isText:
		return record.SetValue(name, text.Reveal()) // not a secret, though it has the type of one
	}

	if attributes, ok := value.([]map[string]any); ok {
		value = plainAttributes(attributes)
	}
	raw, err := json.Marshal(value)
	if err != nil {
		return fmt.Errorf("read %s: %w", name, err)
	}
	return record.SetValue(name, json.RawMessage(raw))
}

// plainAttributes returns attributes with their names as text.
func plainAttributes(attributes []map[string]any) []map[string]any {
	if attributes == nil {
		return nil
	}
	plain := make([]map[string]any, len(attributes))
	for i, attribute := range attributes {
		plain[i] = maps.Clone(attribute)
		for name, value := range attribute {
			if text, ok := value.(secret.Text); ok {
				plain[i][name] = text.Reveal()
			}
		}
	}
	return plain
}
