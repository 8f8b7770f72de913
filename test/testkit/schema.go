package testkit

import (
	"strings"
	"testing"

	"github.com/vektah/gqlparser/v2/ast"
)

// Described fails for each type, field, argument and value of a schema that is not described.
func Described(t testing.TB, schema *ast.Schema) {
	t.Helper()
	described := func(description, what string) {
		t.Helper()
		if len(strings.Fields(description)) < 3 {
			t.Errorf("%s is described by %q", what, description)
		}
	}

	for name, definition := range schema.Types {
		if definition.BuiltIn {
			continue
		}

		described(definition.Description, name)
		for _, field := range definition.Fields {
			if strings.HasPrefix(field.Name, "__") {
				continue
			}

			described(field.Description, name+"."+field.Name)
			for _, argument := range field.Arguments {
				described(argument.Description, name+"."+field.Name+"."+argument.Name)
			}
		}

		for _, value := range definition.EnumValues {
			described(value.Description, name+"."+value.Name)
		}
	}
}
