package kibo

import (
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"
)

// text writes a selection as a client would.
func (f *fields) text() string {
	items := make([]string, 0, len(f.selected)+len(f.excluded))
	for _, name := range slices.Sorted(maps.Keys(f.selected)) {
		if inside := f.selected[name]; inside != nil {
			name += "(" + inside.text() + ")"
		}
		items = append(items, name)
	}
	for _, name := range slices.Sorted(maps.Keys(f.excluded)) {
		items = append(items, "-"+name)
	}
	return strings.Join(items, ",")
}

func TestParseFields(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"":                          "",
		" ":                         "",
		",":                         "",
		"-":                         "",
		"()":                        "",
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
		"a(-b),-c":                  "a(-b),-c",
		"a,-a":                      "a,-a",
		"a(b),a(c)":                 "a(b,c)",
		"a(b),a":                    "a",
		"a,a(b)":                    "a",
		"a(),a(b)":                  "a",
		"a(-b),a(c)":                "a(-b)",
		"a(-b),a(b)":                "a",
		"a(-b,-c),a(-c,-d)":         "a(-c)",
		"a(b,-c),a(c)":              "a(b,c)",
		"a(b(c)),a(b(d),e)":         "a(b(c,d),e)",
		"a(b,-b),a(c)":              "a(b,c,-b)",
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
	for _, inside := range f.selected {
		if inside != nil {
			deepest = max(deepest, 1+inside.depth())
		}
	}
	return deepest
}

// Whatever a client sends, the limits hold, and the selection can be written and read again.
func FuzzParseFields(f *testing.F) {
	for _, text := range []string{
		"", "userId,customerAccount(userName,-attributes)", "a(b),a(c)", "a(-b),a(c)", "((", "-A , b( )",
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
