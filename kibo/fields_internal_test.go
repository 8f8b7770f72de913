package kibo

import (
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"
)

// text writes a selection as a client would, except one that only a union makes.
func (f *fields) text() string {
	var items []string
	for _, name := range slices.Sorted(maps.Keys(f.named)) {
		inside := f.named[name]
		switch {
		case inside == nil:
			items = append(items, "-"+name)
		case inside == everything:
			items = append(items, name)
		case inside.others: // some fields can be left out, and be selected in part
			items = append(items, name+"("+inside.leftOut()+")")
			if parts := inside.parts(); len(parts.named) > 0 {
				items = append(items, name+"("+parts.text()+")")
			}
		default:
			items = append(items, name+"("+inside.text()+")")
		}
	}
	if len(items) == 0 && !f.others {
		return "-x,x"
	}
	return strings.Join(items, ",")
}

// leftOut writes the fields that are not selected whole.
func (f *fields) leftOut() string {
	return "-" + strings.Join(slices.Sorted(maps.Keys(f.named)), ",-")
}

// parts are the fields that are selected in part.
func (f *fields) parts() *fields {
	parts := &fields{named: maps.Clone(f.named)}
	maps.DeleteFunc(parts.named, func(_ string, inside *fields) bool { return inside == nil })
	return parts
}

func TestParseFields(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"":                          "",
		" ":                         "",
		",":                         "",
		"-":                         "",
		"accessToken":               "accesstoken",
		" userId , ACCESSTOKEN ":    "accesstoken,userid",
		"user Id":                   "userid",
		"user\u00a0Id\u2003":        "userid",
		"a,a":                       "a",
		"a,,b,":                     "a,b",
		"a()":                       "a",
		"a( )":                      "a",
		"a(,)":                      "a",
		"a(b)\u00a0,c":              "a(b),c",
		"a ( b , c ( d ) ) , e":     "a(b,c(d)),e",
		"-a":                        "-a",
		"- a":                       "-a",
		"a(-b),-c":                  "a(-b)",
		"a,-a":                      "-x,x",
		"-a,a":                      "-x,x",
		"a,-b":                      "a",
		"a(b),a(c)":                 "a(b,c)",
		"a(b),a":                    "a",
		"a,a(b)":                    "a",
		"a(),a(b)":                  "a",
		"a(-b),a(c)":                "a(-b)",
		"a(-b),a(b)":                "a",
		"a(-b,-c),a(-c,-d)":         "a(-c)",
		"a(b,-c),a(c)":              "a(b,c)",
		"a(b(c)),a(b(d),e)":         "a(b(c,d),e)",
		"a(b,-b),a(c)":              "a(c)",
		"a(b,-b),a(c,-c)":           "a(-x,x)",
		"a(b(x),-b),a(b(y))":        "a(b(y))",
		"a(-b),a(b(d))":             "a(-b),a(b(d))",
		"a(-b,-c),a(b(d),b(-e))":    "a(-b,-c),a(b(-e))",
		"a(-b),a(b(d)),a(b)":        "a",
		"-a(b)":                     "-a",
		strings.Repeat("a,", 1024):  "a",
		"a(a(a(a(a(a(a(a(a))))))))": "a(a(a(a(a(a(a(a(a))))))))",
	} {
		parsed, err := parseFields(text)
		if err != nil || parsed.text() != want {
			t.Errorf("%q: got %q, %v, want %q", text, parsed.text(), err, want)
		}
	}
}

func TestErrResponseFields(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		"(", ")", "a(", "a)", "a(b", "a(b))", "a(b)c", "a(b)-c", "a(b)(c)", "a((b)", "a,)", "a(b,(c)",
		"()", "(a)", "a,(b)", "a((b))", "-(a)", " (a)",
		strings.Repeat("a", 2<<10+1), strings.Repeat("(", 2<<10), strings.Repeat("a(", 500),
		"a(a(a(a(a(a(a(a(a(a)))))))))",
	} {
		if parsed, err := parseFields(text); err == nil {
			t.Errorf("%.50q is accepted as %q", text, parsed.text())
		}
	}
}

func TestFieldsThatAreSelected(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"":                       "a b(c d)",
		"b":                      "b(c d)",
		"B(C)":                   "b(c)",
		"-b":                     "a",
		"a,-b":                   "a",
		"a,-a":                   "",
		"b(-c)":                  "b(d)",
		"b(-c),-a":               "b(d)",
		"b(unknown)":             "b()",
		"unknown":                "",
		"-unknown":               "a b(c d)",
		"b(c(deeper)),a(deeper)": "a b(c)",
	} {
		parsed, err := parseFields(text)
		if err != nil {
			t.Fatal(err)
		}

		var selected []string
		if parsed.has("a") {
			selected = append(selected, "a")
		}
		if parsed.has("b") {
			var inside []string
			for _, name := range []string{"c", "d"} {
				if parsed.in("b").has(name) {
					inside = append(inside, name)
				}
			}
			selected = append(selected, "b("+strings.Join(inside, " ")+")")
		}
		if got := strings.Join(selected, " "); got != want {
			t.Errorf("%q: got %q, want %q", text, got, want)
		}
	}
}

// depth returns how many parentheses are inside each other.
func (f *fields) depth() int {
	deepest := 0
	for _, inside := range f.named {
		if inside != nil && inside != everything {
			deepest = max(deepest, 1+inside.depth())
		}
	}
	return deepest
}

// Whatever a client sends, the limits hold, and the selection can be written and read again.
func FuzzParseFields(f *testing.F) {
	for _, text := range []string{
		"", "userId,customerAccount(userName,-attributes)", "a(b),a(c)", "a(-b),a(c)", "a(-b),a(b(c))",
		"((", "-A , b( )",
		"a(a(a(a(a(a(a(a(a))))))))", "\u0130(\xff)", strings.Repeat("a,", 1100),
	} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		parsed, err := parseFields(text)
		if err != nil {
			if parsed != nil {
				t.Error("there is a selection and an error")
			}
			return
		}
		if len(text) > longestResponseFields || parsed.depth() > deepestResponseFields ||
			strings.Count(text, "(") != strings.Count(text, ")") {
			t.Fatalf("%q is accepted", text)
		}

		written := parsed.text()
		if len(written) > longestResponseFields { // an invalid byte becomes three
			return
		}
		again, err := parseFields(written)
		if err != nil || !reflect.DeepEqual(parsed, again) {
			t.Errorf("%q is written as %q, which is read as %+v, %v", text, written, again, err)
		}
	})
}
