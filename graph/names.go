package graph

import (
	"regexp"
	"strings"

	"github.com/vektah/gqlparser/v2/ast"
)

// schemaNames are all names in the schema. It is empty if they are hidden.
type schemaNames map[string]bool

func namesOf(schema *ast.Schema) schemaNames {
	names := schemaNames{}
	for _, definition := range schema.Types {
		names[definition.Name] = true
		for _, field := range definition.Fields {
			names[field.Name] = true
			for _, argument := range field.Arguments {
				names[argument.Name] = true
			}
		}
		for _, value := range definition.EnumValues {
			names[value.Name] = true
		}
	}

	for _, directive := range schema.Directives {
		names[directive.Name] = true
		for _, argument := range directive.Arguments {
			names[argument.Name] = true
		}
	}
	return names
}

var quoted = regexp.MustCompile(`"[^"]*"`)

// hideOthers replaces all other names in a message of the validator, which puts names in quotes. A
// client could have written a password instead of a name. The location in the error still shows
// where it is.
func (n schemaNames) hideOthers(message string) string {
	return quoted.ReplaceAllStringFunc(message, func(text string) string {
		if n[strings.Trim(text, `"@[]!`)] {
			return text
		}
		return `"…"`
	})
}
