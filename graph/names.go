package graph

import (
	"regexp"
	"strings"

	"github.com/vektah/gqlparser/v2/ast"
)

// schemaNames are all names that the schema has for something; none where they are not told.
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

// only takes every other name out of a message of the validator, which quotes them. What a client writes in place of a name could be a password; where it stands
// is told by the error's location.
func (n schemaNames) only(message string) string {
	return quoted.ReplaceAllStringFunc(message, func(text string) string {
		if n[strings.Trim(text, `"@[]!`)] {
			return text
		}
		return `"…"`
	})
}
