package applications_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/authtickets/authtickets/access"
	"github.com/authtickets/authtickets/applications"
)

func TestRefusals(t *testing.T) {
	t.Parallel()

	many := func(n int) []string {
		list := make([]string, n)
		for i := range list {
			list[i] = "b" + strings.Repeat("x", i%60) + string(rune('0'+i/60))
		}
		return list
	}

	long := strings.Repeat("x", 64)
	onEach(t, func(t *testing.T, b *book) {
		for name, test := range map[string]struct {
			id           string
			confidential bool
			change       applications.Change
			want         string
		}{
			"the longest": {
				"a" + long[:31], true,
				applications.Change{
					Name: new(strings.Repeat("é", 255)), Behaviors: many(100),
					OwnBehaviors: []string{long, "tickets.introspect", "accounts.manage"},
				},
				"",
			},
			"no id": {
				"", false,
				applications.Change{Name: new("x")},
				`id: "" is not 1 to 32 lower-case letters, digits and '-', of which the first is a letter`,
			},
			"a long id":        {"a" + long[:32], false, applications.Change{}, "id: "},
			"a digit in front": {"1a", false, applications.Change{}, "id: "},
			"upper case":       {"aB", false, applications.Change{}, "id: "},
			"a line":           {"a\n", false, applications.Change{}, "id: "},
			"a long name": {
				"a", false,
				applications.Change{Name: new(strings.Repeat("é", 256))},
				"name: is longer than 255 characters",
			},
			"a control": {"a", false, applications.Change{Name: new("a\x1b")}, "name: has a control character"},
			"no UTF-8":  {"a", false, applications.Change{Name: new("a\xff")}, "name: is not UTF-8"},
			"too many": {
				"a", false,
				applications.Change{Behaviors: many(101), Origins: make([]string, 1001)},
				"behaviors: more than 100\norigins: more than 1000\n",
			},
			"reserved": {
				"a", true,
				applications.Change{
					Behaviors:          []string{"tickets.introspect"},
					AnonymousBehaviors: []string{"accounts.manage"},
				},
				"behaviors: tickets.introspect can only be one of the own behaviors of a confidential application\n" +
					"anonymousBehaviors: accounts.manage can only be one of the own behaviors of a confidential " +
					"application",
			},
			"own of a public one": {
				"a", false,
				applications.Change{OwnBehaviors: []string{"x"}},
				"ownBehaviors: only a confidential application can have any, because it proves who it is",
			},
			"lists": {
				"a", true,
				applications.Change{
					Behaviors:          []string{"a", "b", "a"},
					AnonymousBehaviors: []string{"-a"},
					OwnBehaviors:       []string{long + "x", ""},
					Origins:            []string{"https://x/", "https://x:65536", "*", "https://x:65535", "*"},
				},
				`behaviors: "a" is listed twice` + "\n" + `anonymousBehaviors: "-a" is not a name of up to 64 ` +
					`letters, digits, '.', '_', ':' and '-'` + "\n" +
					`ownBehaviors: "` + long + `x" is not a name of up to 64 letters, digits, '.', '_', ':' and ` +
					`'-'` + "\n" +
					`ownBehaviors: "" is not a name of up to 64 letters, digits, '.', '_', ':' and '-'` + "\n" +
					`origins: "https://x/" is not an origin; write it as a browser does, e.g. https://shop.example` +
					"\n" + `origins: "https://x:65536" is not an origin; write it as a browser does, ` +
					`e.g. https://shop.example` + "\n" + `origins: "*" is listed twice`,
			},
			"short lifetimes": {
				"a", false,
				applications.Change{
					AccessLifetime:           new(-time.Second),
					RefreshLifetime:          new(time.Second - 1),
					AnonymousRefreshLifetime: new(time.Second),
				},
				"accessLifetime: must be 1s or more, or 0 for the server's\nrefreshLifetime: must be 1s or more, " +
					"or 0 for the server's",
			},
			"long lifetimes": {
				"a", false,
				applications.Change{
					AccessLifetime:           new(time.Hour),
					RefreshLifetime:          new(time.Minute),
					AnonymousRefreshLifetime: new(time.Minute),
					SessionLifetime:          new(time.Second),
				},
				"accessLifetime: must not be longer than refreshLifetime\naccessLifetime: must not be longer than " +
					"anonymousRefreshLifetime\n" +
					"accessLifetime: must not be longer than sessionLifetime\nrefreshLifetime: must not be longer " +
					"than sessionLifetime\n" +
					"anonymousRefreshLifetime: must not be longer than sessionLifetime",
			},
		} {
			created, err := b.Create(t.Context(), access.Operator(),
				applications.New{ID: test.id, IsConfidential: test.confidential, Change: test.change})
			refusal, refused := errors.AsType[applications.RefusedError](err)
			if refused != (test.want != "") || !strings.HasPrefix(string(refusal), test.want) ||
				(err != nil) != refused {
				t.Errorf("%s: got %v, want %s", name, err, test.want)
			}
			if refused && created.Secret.Reveal() != "" {
				t.Errorf("%s: there is a secret", name)
			}
		}

		_, err := b.Update(
			t.Context(),
			access.Operator(),
			applications.Storefront,
			applications.Change{Name: new("other"), OwnBehaviors: []string{"x"}},
		)
		if _, refused := errors.AsType[applications.RefusedError](err); !refused {
			t.Errorf("an update: %v", err)
		}
		if got, err := b.Find(t.Context(), access.Operator(), applications.Storefront); err != nil ||
			got.Name != "Storefront" {
			t.Errorf("it was changed: %v, %v", got, err)
		}
	})
}

func TestMissing(t *testing.T) {
	t.Parallel()

	onEach(t, func(t *testing.T, b *book) {
		for name, do := range map[string]func() error{
			"find": func() error { _, err := b.Find(t.Context(), access.Operator(), "nobody"); return err },
			"update": func() error {
				_, err := b.Update(t.Context(), access.Operator(), "nobody", applications.Change{})
				return err
			},
			"rotate": func() error {
				_, err := b.RotateSecret(t.Context(), access.Operator(), "nobody", 0)
				return err
			},
			"disable": func() error { _, err := b.Disable(t.Context(), access.Operator(), "nobody"); return err },
			"enable":  func() error { _, err := b.Enable(t.Context(), access.Operator(), "nobody"); return err },
			"delete":  func() error { return b.Delete(t.Context(), access.Operator(), "nobody") },
		} {
			if err := do(); !errors.Is(err, applications.ErrNotFound) {
				t.Errorf("%s: %v", name, err)
			}
		}
	})
}
