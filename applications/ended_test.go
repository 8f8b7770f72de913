package applications_test

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/authtickets/authtickets/access"
	"github.com/authtickets/authtickets/applications"
	"github.com/authtickets/authtickets/models"
)

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
