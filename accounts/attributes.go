package accounts

import (
	"cmp"
	"encoding/json"
	"slices"
	"unicode/utf8"

	"github.com/authtickets/authtickets/models"
)

const (
	maxAttributeName = 255
	// maxAttribute is the size limit of one attribute, in bytes of JSON.
	maxAttribute = 64 << 10
)

// setAttributes takes nil or a JSON list of objects like the schema's CustomerAttribute. They
// replace all attributes of the account.
func (r *Record) setAttributes(value any) error {
	if value == nil {
		return nil
	}
	raw, _ := value.(json.RawMessage)
	var list []json.RawMessage
	if err := json.Unmarshal(raw, &list); err != nil || !utf8.Valid(raw) {
		return refused("attributes must be a JSON list")
	}

	all := make([]models.CustomerAttribute, len(list))
	for i, raw := range list {
		if err := decodeAttribute(raw, &all[i]); err != nil {
			return refused("attribute %d: %v", i+1, err)
		}
	}

	slices.SortFunc(all, func(a, b models.CustomerAttribute) int {
		return cmp.Compare(a.FullyQualifiedName, b.FullyQualifiedName)
	})
	for i := 1; i < len(all); i++ {
		if all[i-1].FullyQualifiedName == all[i].FullyQualifiedName {
			return refused("two attributes have the same fullyQualifiedName")
		}
	}
	r.account.Attributes = all
	return nil
}

func decodeAttribute(object json.RawMessage, attribute *models.CustomerAttribute) error {
	if len(object) > maxAttribute {
		return refused("larger than %d KiB", maxAttribute>>10)
	}

	err := members(object, func(key string, value json.RawMessage) error {
		switch key {
		case "attributeDefinitionId":
			return decodeDefinitionID(value, attribute)
		case "fullyQualifiedName":
			return decodeAttributeName(value, attribute)
		case "values":
			if err := json.Unmarshal(value, &attribute.Values); err != nil {
				return refused("values must be a list")
			}
			return nil
		default:
			return refused("%s is not a field of an attribute", printable(key))
		}
	})

	switch {
	case err != nil:
		return err
	case attribute.FullyQualifiedName == "":
		return refused("fullyQualifiedName is missing")
	case attribute.Values == nil:
		return refused("values is missing")
	}
	return nil
}

func decodeDefinitionID(value json.RawMessage, attribute *models.CustomerAttribute) error {
	var id *int32
	if err := json.Unmarshal(value, &id); err != nil {
		return refused("attributeDefinitionId must be a whole number of 32 bits")
	}
	if id != nil {
		attribute.AttributeDefinitionID = new(int64(*id))
	}

	return nil
}

func decodeAttributeName(value json.RawMessage, attribute *models.CustomerAttribute) error {
	if err := json.Unmarshal(value, &attribute.FullyQualifiedName); err != nil {
		return refused("fullyQualifiedName must be a text")
	}
	if err := checkText("fullyQualifiedName", attribute.FullyQualifiedName, maxAttributeName); err != nil {
		return err
	}
	return checkEnds("fullyQualifiedName", attribute.FullyQualifiedName)
}
