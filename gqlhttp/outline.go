package gqlhttp

import (
	"github.com/vektah/gqlparser/v2/ast"

	"github.com/authtickets/authtickets/access"
)

// Outline is what the schema says about its root fields and errors. Introspection omits the
// directives of fields, so the playground needs it.
type Outline struct {
	Fields []OutlineField `json:"fields"`
	// Reasons holds the descriptions of ErrorReason by name.
	Reasons map[string]string `json:"reasons"`
	// NextSteps are in the order of the schema.
	NextSteps []OutlineStep `json:"nextSteps"`
}

// OutlineField is a root field with the arguments of its @needs and @fails.
type OutlineField struct {
	Type         string   `json:"type"`
	Name         string   `json:"name"`
	Needs        string   `json:"needs,omitempty"`
	IsBackOffice bool     `json:"isBackOffice"`
	Fails        []string `json:"fails"`
}

// OutlineStep is a value of NextStep.
type OutlineStep struct {
	Name        string `json:"name"`
	Description string `json:"description"`
}

// Outline returns the outline of the schema. It is empty if introspection is off.
func (s *Settings) Outline() Outline {
	outline := Outline{
		Fields:    []OutlineField{},
		Reasons:   map[string]string{},
		NextSteps: []OutlineStep{},
	}
	if !s.Introspection {
		return outline
	}

	schema := s.Schema.Schema()
	outline.Fields = append(outlineFields(schema.Query), outlineFields(schema.Mutation)...)
	for _, reason := range schema.Types["ErrorReason"].EnumValues {
		outline.Reasons[reason.Name] = reason.Description
	}
	for _, step := range schema.Types["NextStep"].EnumValues {
		outline.NextSteps = append(outline.NextSteps, OutlineStep{step.Name, step.Description})
	}
	return outline
}

// outlineFields returns the fields of a root type that have the directive @fails.
func outlineFields(root *ast.Definition) []OutlineField {
	var fields []OutlineField
	for _, definition := range root.Fields {
		fails := definition.Directives.ForName("fails")
		if fails == nil {
			continue
		}

		field := OutlineField{Type: root.Name, Name: definition.Name, Fails: []string{}}
		for _, reason := range fails.Arguments.ForName("with").Value.Children {
			field.Fails = append(field.Fails, reason.Value.Raw)
		}
		if needs := definition.Directives.ForName("needs"); needs != nil {
			field.Needs = needs.Arguments.ForName("behavior").Value.Raw
			field.IsBackOffice = access.IsReserved(field.Needs)
		}
		fields = append(fields, field)
	}
	return fields
}
