package accounts_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/authtickets/authtickets/accounts"
	"github.com/authtickets/authtickets/models"
)

func TestNormalName(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{
		"demo":                   "demo",
		"DEMO":                   "demo",
		"Demo@Example.COM":       "demo@example.com",
		"mary ann":               "mary ann",
		"ｄｅｍｏ":                   "demo", // full-width letters
		"Jose\u0301":             "jos\u00e9",
		"JOS\u00c9":              "jos\u00e9",
		"Ευρώπη":                 "ευρώπη",
		"山田":                     "山田",
		"سلام":                   "سلام",
		"o'brien+shop=1":         "o'brien+shop=1",
		"%":                      "%",
		"' OR 1=1--":             "' or 1=1--",
		"${jndi:ldap://x}":       "${jndi:ldap://x}",
		strings.Repeat("a", 254): strings.Repeat("a", 254),
	} {
		if got, err := accounts.NormalName(name); err != nil || got != want {
			t.Errorf("%q: got %q, error %v", name, got, err)
		}
	}

	for _, name := range []string{
		"", " ", "  ", " demo", "demo ", "a  b", "\t", "a\tb", "a\x00b", "a\nb", "a\r\nb",
		"\x1b[31mdemo", "a\u200bb", "a\u202eb", "a\u2066b",
		"\ufeffdemo", "a\u00a0b", "\xff", strings.Repeat("a", 255), strings.Repeat("é", 100_000),
	} {
		if got, err := accounts.NormalName(name); !errors.Is(err, &models.Error{Reason: models.ReasonUsernameInvalid}) {
			t.Errorf("%.40q: accepted as %.40q, error %v", name, got, err)
		}
	}
}

func FuzzNormalName(f *testing.F) {
	for _, name := range []string{"demo", "Demo@Example.COM", "Jose\u0301", "a b", "\u202e", "ﬁ", "ß", "İ"} {
		f.Add(name)
	}

	f.Fuzz(func(t *testing.T, name string) {
		normal, err := accounts.NormalName(name)
		if err != nil {
			return
		}

		if again, err := accounts.NormalName(normal); err != nil || again != normal {
			t.Errorf("%q is normally %q, which is normally %q (%v)", name, normal, again, err)
		}
		if strings.ContainsAny(normal, "\x00\r\n\t") || strings.TrimSpace(normal) != normal {
			t.Errorf("%q is normally %q", name, normal)
		}
	})
}
