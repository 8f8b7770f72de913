package kibo

import (
	"errors"
	"maps"
	"strings"
	"unicode"
)

// Limits of responseFields. The values of an account's attributes are three levels deep.
const (
	longestResponseFields = 2 << 10
	deepestResponseFields = 8
)

var errResponseFields = errors.New("responseFields: unbalanced or unnamed parentheses, or too long, or too deep")

// fields are the fields of an object that a client selects.
type fields struct {
	// named has what is selected inside the fields that are named, in lower case. A field that is
	// left out has nil.
	named map[string]*fields
	// others is true if every field that is not named is selected, with everything inside.
	others bool
}

// everything selects all fields, with everything inside.
var everything = &fields{others: true} //nolint:gochecknoglobals // it does not change

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
	list := &fields{named: map[string]*fields{}, others: true}
	for !p.failed {
		end := strings.IndexAny(p.rest, ",()")
		if end < 0 {
			end = len(p.rest)
		}
		name := strings.ToLower(strings.Join(strings.Fields(p.rest[:end]), ""))
		p.rest = p.rest[end:]

		inside := everything
		if strings.HasPrefix(p.rest, "(") {
			inside = p.inside(depth + 1)
			p.failed = p.failed || name == "" || name == "-"
		}
		list.add(name, inside)

		if !strings.HasPrefix(p.rest, ",") {
			break
		}
		p.rest = p.rest[1:]
	}
	return list.simplified()
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
	return list
}

// add adds a name, with what is selected inside. If the name is there twice, both selections hold.
// If it is also left out, it stays left out.
func (f *fields) add(name string, inside *fields) {
	if leftOut, ok := strings.CutPrefix(name, "-"); ok && leftOut != "" {
		f.named[leftOut] = nil
		return
	}
	if name == "" || name == "-" {
		return
	}

	f.others = false
	before, isNamed := f.named[name]
	switch {
	case !isNamed:
		f.named[name] = inside
	case before != nil:
		f.named[name] = union(before, inside)
	}
}

// union returns the fields that at least one of two selections has. A nil selection has none.
func union(a, b *fields) *fields {
	switch {
	case a == nil:
		return b
	case b == nil:
		return a
	}

	both := &fields{named: map[string]*fields{}, others: a.others || b.others}
	for name := range a.named {
		both.named[name] = union(a.named[name], b.in(name))
	}
	for name := range b.named {
		if _, isDone := both.named[name]; !isDone {
			both.named[name] = union(a.in(name), b.named[name])
		}
	}
	return both.simplified()
}

// simplified returns the same selection without names that change nothing.
func (f *fields) simplified() *fields {
	maps.DeleteFunc(f.named, func(_ string, inside *fields) bool {
		return f.others && inside == everything || !f.others && inside == nil
	})
	if f.others && len(f.named) == 0 {
		return everything
	}
	return f
}

// has reports whether a field is selected.
func (f *fields) has(name string) bool { return f.in(name) != nil }

// in returns what is selected inside a field; nil if the field is not selected.
func (f *fields) in(name string) *fields {
	inside, isNamed := f.named[strings.ToLower(name)]
	if !isNamed && f.others {
		return everything
	}
	return inside
}
