package applications_test

import (
	"context"
	"errors"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/authtickets/authtickets/access"
	"github.com/authtickets/authtickets/applications"
	"github.com/authtickets/authtickets/models"
	"github.com/authtickets/authtickets/secret"
)

func TestCreateAndUpdate(t *testing.T) {
	t.Parallel()

	onEach(t, func(t *testing.T, b *book) {
		created, err := b.Create(t.Context(), access.Operator(), applications.New{
			ID:     "shop-2",
			Change: applications.Change{Behaviors: []string{"b", "a"}, AccessLifetime: new(time.Minute)},
		})
		must(t, err)
		want := &models.Application{
			ID:                 "shop-2",
			Name:               "shop-2",
			Behaviors:          []string{"b", "a"},
			AnonymousBehaviors: []string{},
			OwnBehaviors:       []string{},
			Origins:            []string{},
			AccessLifetime:     time.Minute,
			CreatedAt:          begin,
			UpdatedAt:          begin,
		}
		if created.Epoch == 0 || created.SessionsFrom.IsZero() {
			t.Errorf("epoch %d, sessions from %s", created.Epoch, created.SessionsFrom)
		}

		want.Epoch, want.SessionsFrom = created.Epoch, created.SessionsFrom
		if diff := cmp.Diff(want, created.Application); diff != "" || created.Secret.Reveal() != "" {
			t.Errorf("a public one has a secret, or want -, got +\n%s", diff)
		}
		if _, err := b.Create(t.Context(), access.Operator(), applications.New{ID: "shop-2"}); !errors.Is(
			err, applications.ErrExists,
		) {
			t.Errorf("the same id again: %v", err)
		}

		b.now = begin.Add(time.Hour)
		_, err = b.Update(t.Context(), access.Operator(), "shop-2", applications.Change{
			Name:                     new("Zwölf"),
			Behaviors:                []string{},
			AnonymousBehaviors:       []string{"a:b"},
			Origins:                  []string{"https://shop.example", "*"},
			AccessLifetime:           new(time.Duration(0)),
			RefreshLifetime:          new(time.Hour),
			AnonymousRefreshLifetime: new(time.Hour),
			SessionLifetime:          new(time.Hour),
		})

		must(t, err)
		want.Name = "Zwölf"
		want.Behaviors, want.AnonymousBehaviors = []string{}, []string{"a:b"}
		want.Origins = []string{"https://shop.example", "*"}

		want.AccessLifetime, want.RefreshLifetime = 0, time.Hour
		want.AnonymousRefreshLifetime, want.SessionLifetime = time.Hour, time.Hour
		want.UpdatedAt = b.now
		got, err := b.Find(t.Context(), access.Operator(), "shop-2")
		must(t, err)
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("want -, got +\n%s", diff)
		}

		if _, err := b.Update(t.Context(), access.Operator(), "shop-2", applications.Change{}); err != nil {
			t.Error(err)
		}

		all, err := b.All(t.Context(), access.Operator())
		must(t, err)
		if len(all) != 2 || all[0].ID != "shop-2" || all[1].ID != applications.Storefront {
			t.Errorf("%v", all)
		}
	})
}

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
					Origins:            []string{"https://x/", "*", "*"},
				},
				`behaviors: "a" is listed twice` + "\n" + `anonymousBehaviors: "-a" is not a name of up to 64 ` +
					`letters, digits, '.', '_', ':' and '-'` + "\n" +
					`ownBehaviors: "` + long + `x" is not a name of up to 64 letters, digits, '.', '_', ':' and ` +
					`'-'` + "\n" +
					`ownBehaviors: "" is not a name of up to 64 letters, digits, '.', '_', ':' and '-'` + "\n" +
					`origins: "https://x/" is not an origin; write it as a browser does, e.g. https://shop.example` +
					"\n" + `origins: "*" is listed twice`,
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

func TestSecrets(t *testing.T) {
	t.Parallel()

	form := regexp.MustCompile(`^[A-Za-z0-9]{40,44}$`)
	onEach(t, func(t *testing.T, b *book) {
		first := b.create("server", true, applications.Change{})
		second, err := b.RotateSecret(t.Context(), access.Operator(), "server", time.Hour)
		must(t, err)
		third, err := b.RotateSecret(t.Context(), access.Operator(), "server", time.Minute)
		must(t, err)

		for i, shown := range []string{first.Reveal(), second.Reveal(), third.Reveal()} {
			if !form.MatchString(shown) {
				t.Errorf("secret %d is not 256 bits in letters and digits: it has %d characters", i+1, len(shown))
			}
		}

		directory := b.directory()
		begin, err := b.Store.Clock(t.Context()) // which decides how long the previous secret is valid
		must(t, err)

		for _, test := range []struct {
			name  string
			shown secret.Text
			at    time.Time
			want  bool
		}{
			{"the one before the previous", first, begin, false},
			{"the previous", second, begin.Add(30 * time.Second), true},
			{"the previous, too late", second, begin.Add(time.Minute), false},
			{"the current", third, begin.Add(time.Hour), true},
		} {
			if got := proves(directory, "server", test.shown, test.at); got != test.want {
				t.Errorf("%s: %t", test.name, got)
			}
		}

		fourth, err := b.RotateSecret(t.Context(), access.Operator(), "server", 0)
		must(t, err)
		if directory := b.directory(); proves(directory, "server", third, begin) ||
			!proves(directory, "server", fourth, begin) {
			t.Error("the previous secret is still valid after a rotation that keeps nothing, or the new one is not")
		}
		if row, err := b.Find(t.Context(), access.Operator(), "server"); err != nil || row.PreviousSecretHash != nil ||
			row.PreviousSecretUntil != nil {
			t.Errorf("%v, %v", row, err)
		}

		for want, do := range map[string]func() error{
			"id: a public application has no secret": func() error {
				_, err := b.RotateSecret(t.Context(), access.Operator(), applications.Storefront, 0)
				return err
			},
			"keepOld: must not be negative": func() error {
				_, err := b.RotateSecret(t.Context(), access.Operator(), "server", -1)
				return err
			},
		} {
			if err := do(); err == nil || err.Error() != want {
				t.Errorf("got %v, want %s", err, want)
			}
		}
	})
}

// Changes of different fields at once are all kept.
func TestUpdateRace(t *testing.T) {
	t.Parallel()

	onEach(t, func(t *testing.T, b *book) {
		var all sync.WaitGroup
		for _, change := range []applications.Change{
			{Name: new("n")},
			{Behaviors: []string{"b"}},
			{AnonymousBehaviors: []string{"a"}},
			{Origins: []string{"*"}},
			{AccessLifetime: new(time.Second)},
			{RefreshLifetime: new(time.Minute)},
			{AnonymousRefreshLifetime: new(time.Minute)},
			{SessionLifetime: new(time.Hour)},
		} {
			all.Go(func() {
				if _, err := b.Update(t.Context(), access.Operator(), applications.Storefront, change); err != nil {
					t.Error(err)
				}
			})
		}

		all.Wait()
		got, err := b.Find(t.Context(), access.Operator(), applications.Storefront)
		must(t, err)
		if got.Name != "n" || !slices.Equal(got.Behaviors, []string{"b"}) ||
			!slices.Equal(got.AnonymousBehaviors, []string{"a"}) ||
			!slices.Equal(got.Origins, []string{"*"}) ||
			got.AccessLifetime != time.Second ||
			got.RefreshLifetime != time.Minute ||
			got.AnonymousRefreshLifetime != time.Minute ||
			got.SessionLifetime != time.Hour {
			t.Errorf("%+v", got)
		}
	})
}

func TestDisableEnableDelete(t *testing.T) {
	t.Parallel()

	onEach(t, func(t *testing.T, b *book) {
		b.create("shop", false, applications.Change{})
		epoch := func() uint32 {
			t.Helper()
			row, err := b.Find(t.Context(), access.Operator(), "shop")
			must(t, err)
			return row.Epoch
		}

		// Sessions end once, no matter what the operator's clock shows.
		for i, step := range []struct {
			name     string
			do       func(ctx context.Context, caller *access.Caller, id string) (*models.Application, error)
			disabled bool
			ends     bool
		}{
			{"enable an enabled one", b.Enable, false, false},
			{"disable", b.Disable, true, true},
			{"disable again", b.Disable, true, false},
			{"enable", b.Enable, false, false},
		} {
			before := epoch()
			b.now = begin.Add(time.Duration(1-i) * time.Hour)
			clock, err := b.Store.Clock(t.Context())
			must(t, err)
			got, err := step.do(t.Context(), access.Operator(), "shop")
			must(t, err)
			if got.IsDisabled != step.disabled || (epoch() == before) == step.ends {
				t.Errorf("%s: disabled %t, epoch %d after %d", step.name, got.IsDisabled, epoch(), before)
			}

			if step.ends && got.SessionsFrom.Sub(clock).Abs() > time.Minute {
				t.Errorf("%s: sessions from %s, and the database's clock shows %s", step.name, got.SessionsFrom, clock)
			}
		}

		before := epoch()
		must(t, b.Delete(t.Context(), access.Operator(), "shop"))
		b.create("shop", false, applications.Change{})
		if epoch() == before {
			t.Error("sessions of the deleted application come back")
		}
	})
}

func TestConfigureStorefront(t *testing.T) {
	t.Parallel()

	onEach(t, func(t *testing.T, b *book) {
		want := func(step string, behaviors, origins []string) {
			t.Helper()
			got, err := b.Find(t.Context(), access.Operator(), applications.Storefront)
			must(t, err)
			if !slices.Equal(got.Behaviors, behaviors) || !slices.Equal(got.AnonymousBehaviors, behaviors) ||
				!slices.Equal(got.Origins, origins) {
				t.Errorf("%s: %+v", step, got)
			}
		}

		must(t, b.ConfigureStorefront(t.Context(), access.Operator(), []string{"b", "a", "b"}, nil))
		want("behaviors", []string{"b", "a"}, nil)
		must(t, b.ConfigureStorefront(t.Context(), access.Operator(), nil, []string{"*", "*"}))
		want("origins", []string{"b", "a"}, []string{"*"})
		must(t, b.ConfigureStorefront(t.Context(), access.Operator(), nil, nil))
		want("nothing", []string{"b", "a"}, []string{"*"})

		must(t, b.Delete(t.Context(), access.Operator(), applications.Storefront))
		must(t, b.ConfigureStorefront(t.Context(), access.Operator(), []string{}, []string{}))
		if all, err := b.All(t.Context(), access.Operator()); err != nil || len(all) != 0 {
			t.Errorf("%v, %v", all, err)
		}

		var replicas sync.WaitGroup
		for range 5 {
			replicas.Go(func() {
				err := b.ConfigureStorefront(
					t.Context(), access.Operator(), []string{"x"}, []string{"https://shop.example"},
				)
				if err != nil {
					t.Error(err)
				}
			})
		}

		replicas.Wait()
		want("made", []string{"x"}, []string{"https://shop.example"})

		for _, behaviors := range [][]string{{"tickets.introspect"}, {"a b"}} {
			err, refused := errors.AsType[applications.RefusedError](
				b.ConfigureStorefront(t.Context(), access.Operator(), behaviors, nil),
			)
			if !refused {
				t.Errorf("%v: %v", behaviors, err)
			}
		}

		b.create("other", false, applications.Change{})
		must(t, b.Delete(t.Context(), access.Operator(), applications.Storefront))
		err, refused := errors.AsType[applications.RefusedError](
			b.ConfigureStorefront(t.Context(), access.Operator(), []string{"x"}, nil),
		)
		if !refused {
			t.Errorf("with only other applications: %v", err)
		}
	})
}
