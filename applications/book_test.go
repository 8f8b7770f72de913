package applications_test

import (
	"errors"
	"regexp"
	"slices"
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
