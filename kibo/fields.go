package kibo

import (
	"errors"
	"strings"
	"unicode"
)

// Limits of responseFields. Deeper texts cannot select anything.
const (
	longestResponseFields = 2 << 10
	deepestResponseFields = 8
)

var errResponseFields = errors.New("responseFields: unbalanced parentheses, or too long, or too deep")

// fields are the fields of an object that a client selects. A nil *fields selects everything.
type fields struct {
	// selected has the fields that are named, in lower case, with what is selected inside. If it is
	// empty, everything is selected.
	selected map[string]*fields
	// excluded has the fields that are left out, in lower case.
	excluded map[string]bool
}

func newFields() *fields { return &fields{selected: map[string]*fields{}, excluded: map[string]bool{}} }

// parseFields reads responseFields: names with commas between them, and in parentheses after a name
// what is selected inside: "userId,customerAccount(userName,-attributes)". A name after a minus is
// left out. Blanks and unknown names have no effect. An empty text selects everything.
func parseFields(text string) (*fields, error) {
	if len(text) > longestResponseFields {
		return nil, errResponseFields
	}
	parser := fieldsParser{rest: text}
	parsed := parser.list(0)
	if parser.failed || parser.rest != "" {
		return nil, errResponseFields
	}
	return parsed, nil
}

type fieldsParser struct {
	rest   string
	failed bool
}

// list reads names up to the end of the text or a closing parenthesis.
func (p *fieldsParser) list(depth int) *fields {
	list := newFields()
	for !p.failed {
		end := strings.IndexAny(p.rest, ",()")
		if end < 0 {
			end = len(p.rest)
		}
		name := strings.ToLower(strings.Join(strings.Fields(p.rest[:end]), ""))
		p.rest = p.rest[end:]

		var inside *fields
		if strings.HasPrefix(p.rest, "(") {
			inside = p.inside(depth + 1)
		}
		list.add(name, inside)

		if !strings.HasPrefix(p.rest, ",") {
			break
		}
		p.rest = p.rest[1:]
	}
	return list
}

// inside reads what is in parentheses, and the blanks after them. Nothing in them means everything.
func (p *fieldsParser) inside(depth int) *fields {
	if depth > deepestResponseFields {
		p.failed = true
		return nil
	}
	p.rest = p.rest[1:]
	list := p.list(depth)
	if !strings.HasPrefix(p.rest, ")") {
		p.failed = true
		return nil
	}

	p.rest = strings.TrimLeftFunc(p.rest[1:], unicode.IsSpace)
	if p.rest != "" && p.rest[0] != ',' && p.rest[0] != ')' {
		p.failed = true
	}
	if len(list.selected) == 0 && len(list.excluded) == 0 {
		return nil
	}
	return list
}

// add adds a name, with what is selected inside. If the name is there twice, both selections hold.
func (f *fields) add(name string, inside *fields) {
	excluded, isExcluded := strings.CutPrefix(name, "-")
	before, isTwice := f.selected[name]
	switch {
	case excluded == "":
		return
	case isExcluded:
		f.excluded[excluded] = true
	case isTwice:
		f.selected[name] = union(before, inside)
	default:
		f.selected[name] = inside
	}
}

// union returns the fields that at least one of two selections has.
func union(a, b *fields) *fields {
	if a == nil || b == nil {
		return nil
	}

	both := newFields()
	for _, one := range []*fields{a, b} {
		for name := range one.excluded {
			if !a.has(name) && !b.has(name) {
				both.excluded[name] = true
			}
		}
		if len(a.selected) == 0 || len(b.selected) == 0 { // one of them has all fields
			continue
		}
		for name, inside := range one.selected {
			both.add(name, inside)
		}
	}
	if len(both.selected) == 0 && len(both.excluded) == 0 {
		return nil
	}
	return both
}

// has reports whether a field is selected.
func (f *fields) has(name string) bool {
	if f == nil {
		return true
	}
	name = strings.ToLower(name)
	_, isSelected := f.selected[name]
	return (isSelected || len(f.selected) == 0) && !f.excluded[name]
}

// in returns what is selected inside a field that is selected.
func (f *fields) in(name string) *fields {
	if f == nil {
		return nil
	}
	return f.selected[strings.ToLower(name)]
}
