package accounts

import "slices"

// Selection is the set of fields to read. A nil Selection has none.
type Selection struct{ fields []*Field }

// Whole selects every field, and the password hash.
func Whole() *Selection { return &Selection{fields: Fields()} }

// selectionOf selects the fields with these names.
func selectionOf(names ...string) *Selection {
	var selection Selection

	for _, name := range names {
		selection.Add(FieldNamed(name))
	}
	return &selection
}

// Add adds a field, unless the selection has it already.
func (s *Selection) Add(field *Field) {
	if !slices.Contains(s.fields, field) {
		s.fields = append(s.fields, field)
	}
}

func (s *Selection) hasAttributes() bool {
	return s != nil && slices.ContainsFunc(s.fields, func(f *Field) bool { return f.name == attributesField })
}

// columns returns the columns of the selection, and of the fields with these names. It adds the
// fields that decide what may happen to an account.
func (s *Selection) columns(names ...string) []string {
	all := selectionOf(idField, userIDField, isActiveField, hasExternalPasswordField, isLockedField)
	for _, name := range names {
		all.Add(FieldNamed(name))
	}
	if s != nil {
		for _, field := range s.fields {
			all.Add(field)
		}
	}

	var columns []string
	for _, field := range all.fields {
		columns = append(columns, field.columns...)
	}
	return columns
}
