package gqlhttp

import "github.com/vektah/gqlparser/v2/ast"

// size is how large a selection is, including its fragments.
type size struct {
	depth            int
	fields           int
	rootFields       int // fields on the first level
	credentialFields int // fields on the first level that check a credential
}

// tooMany is where counting ends. Fragments that spread each other can double the number of fields
// with each further fragment.
const tooMany = 1 << 30

// plus returns the size of a selection that contains both.
func (s size) plus(other size) size {
	return size{
		depth:            max(s.depth, other.depth),
		fields:           min(s.fields+other.fields, tooMany),
		rootFields:       min(s.rootFields+other.rootFields, tooMany),
		credentialFields: min(s.credentialFields+other.credentialFields, tooMany),
	}
}

// or returns the size of a document with both operations. Only one of them is run, but the fields
// of both count.
func (s size) or(other size) size {
	return size{
		depth:            max(s.depth, other.depth),
		fields:           min(s.fields+other.fields, tooMany),
		rootFields:       max(s.rootFields, other.rootFields),
		credentialFields: max(s.credentialFields, other.credentialFields),
	}
}

// measure returns the sizes of selections, and counts what a document contains. It measures each
// fragment once.
type measure struct {
	credentialFields    map[string]bool
	weights             map[string]weight
	fragments           map[string]*ast.FragmentDefinition
	sizes               map[string]size // of the fragments
	names               map[string]int  // how many fields have each name in the answer
	mostOfOne           int             // the largest of these
	aliases, directives int
	outOfRange          bool // a number is too large, and gqlgen would panic
}

func (m *measure) all(selections ast.SelectionSet) size {
	var whole size
	for _, selection := range selections {
		switch selected := selection.(type) {
		case *ast.Field:
			whole = whole.plus(m.field(selected))
		case *ast.InlineFragment:
			m.note(selected.Directives)
			below := m.all(selected.SelectionSet)
			below.depth++
			whole = whole.plus(below)
		case *ast.FragmentSpread:
			m.note(selected.Directives)
			whole = whole.plus(m.fragment(selected.Name))
		}
	}
	return whole
}

func (m *measure) field(field *ast.Field) size {
	m.note(field.Directives)
	for _, argument := range field.Arguments {
		m.value(argument.Value)
	}

	m.names[field.Alias]++
	m.mostOfOne = max(m.mostOfOne, m.names[field.Alias])
	if field.Alias != field.Name {
		m.aliases++
	}

	below := m.all(field.SelectionSet)
	whole := size{
		depth:      below.depth + 1,
		fields:     min(m.weights[field.Name].of(below.fields), tooMany),
		rootFields: 1,
	}
	if m.credentialFields[field.Name] {
		whole.credentialFields = 1
	}
	return whole
}

// fragment returns the size of a fragment. Where a fragment spreads itself, the size is 0, because
// validation refuses it.
func (m *measure) fragment(name string) size {
	if measured, ok := m.sizes[name]; ok {
		return measured
	}

	m.sizes[name] = size{}
	if fragment := m.fragments[name]; fragment != nil {
		m.note(fragment.Directives)
		m.sizes[name] = m.all(fragment.SelectionSet)
	}
	return m.sizes[name]
}

// note counts directives and looks at their arguments.
func (m *measure) note(directives ast.DirectiveList) {
	m.directives += len(directives)
	for _, directive := range directives {
		for _, argument := range directive.Arguments {
			m.value(argument.Value)
		}
	}
}

// value looks for numbers that are out of range.
func (m *measure) value(value *ast.Value) {
	if value == nil {
		return
	}

	if value.Kind == ast.IntValue || value.Kind == ast.FloatValue {
		_, err := value.Value(nil)
		m.outOfRange = m.outOfRange || err != nil
	}

	for _, child := range value.Children {
		m.value(child.Value)
	}
}
