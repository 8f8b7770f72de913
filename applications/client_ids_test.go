package applications_test

import (
	"errors"
	"maps"
	"strings"
	"testing"

	"github.com/authtickets/authtickets/access"
	"github.com/authtickets/authtickets/applications"
	"github.com/authtickets/authtickets/models"
	"github.com/authtickets/authtickets/secret"
)

// A client id is unique, and differs from every id. It names an application like its id.
func TestClientIDs(t *testing.T) {
	t.Parallel()

	onEach(t, func(t *testing.T, b *book) {
		with := func(id string) applications.Change { return applications.Change{ClientID: &id} }
		create := func(id, clientID string) error {
			_, err := b.Create(t.Context(), access.Operator(), applications.New{ID: id, Change: with(clientID)})
			return err
		}
		update := func(id string, change applications.Change) error {
			_, err := b.Update(t.Context(), access.Operator(), id, change)
			return err
		}
		means := func(clientID, want string) {
			t.Helper()
			got, err := b.directory().Identify(clientID, secret.Text{}, begin)
			if want == "" {
				expect(t, clientID, err, models.ReasonApplicationInvalid)
			} else if err != nil || got.ID != want {
				t.Errorf("%s means %v, %v", clientID, got, err)
			}
		}

		must(t, create("one", "SHOP.ONE"))
		must(t, create("two", "Shop.One")) // client ids differ by case
		must(t, create("three", ""))
		must(t, create("four", "")) // many have none
		for name, err := range map[string]error{
			"create":                create("five", "SHOP.ONE"),
			"update":                update("three", with("SHOP.ONE")),
			"update one with an id": update("two", with("SHOP.ONE")),
		} {
			if !errors.Is(err, applications.ErrExists) {
				t.Errorf("%s: %v", name, err)
			}
		}
		means("SHOP.ONE", "one")
		means("Shop.One", "two")
		means("shop.one", "")

		must(t, update("one", applications.Change{Name: new("One")}))
		must(t, update("one", with("SHOP.ONE"))) // its own
		means("SHOP.ONE", "one")
		must(t, update("one", with("SHOP.NEW")))
		means("SHOP.ONE", "")
		must(t, update("three", with("SHOP.ONE")))
		means("SHOP.ONE", "three")
		must(t, update("one", with("")))
		means("SHOP.NEW", "")
		if row, err := b.Find(t.Context(), access.Operator(), "one"); err != nil || row.ClientID != nil {
			t.Errorf("%v, %v", row, err)
		}
		must(t, b.Delete(t.Context(), access.Operator(), "three"))
		must(t, update("one", with("SHOP.ONE")))
		means("SHOP.ONE", "one")

		for _, id := range []string{
			"one", "unused", "a-1", "A B", "A/B", "É.B", "A\n", ".A", "A" + strings.Repeat("x", 64),
		} {
			err := update("two", with(id))
			if _, isRefused := errors.AsType[applications.RefusedError](err); !isRefused {
				t.Errorf("%q: %v", id, err)
			}
		}
		must(t, update("two", with("A"+strings.Repeat("x", 63))))
	})
}

func TestBehaviorNumbers(t *testing.T) {
	t.Parallel()

	onEach(t, func(t *testing.T, b *book) {
		stored := func() map[string]int {
			row, err := b.Find(t.Context(), access.Operator(), applications.Storefront)
			must(t, err)
			return row.BehaviorNumbers
		}
		update := func(change applications.Change) error {
			_, err := b.Update(t.Context(), access.Operator(), applications.Storefront, change)
			return err
		}
		if len(stored()) != 0 {
			t.Errorf("at first %v", stored())
		}

		want := map[string]int{"cart.write": 1014, "a:b": 0, "z": 65535}
		must(t, update(applications.Change{BehaviorNumbers: want}))
		must(t, update(applications.Change{Name: new("Shop")}))
		if !maps.Equal(stored(), want) {
			t.Errorf("got %v", stored())
		}
		for name, numbers := range map[string]map[string]int{
			"negative": {"a": -1}, "large": {"a": 65536}, "empty name": {"": 1}, "blank": {"a b": 1},
		} {
			err := update(applications.Change{BehaviorNumbers: numbers})
			if _, isRefused := errors.AsType[applications.RefusedError](err); !isRefused {
				t.Errorf("%s: %v", name, err)
			}
		}
		must(t, update(applications.Change{BehaviorNumbers: map[string]int{}}))
		if len(stored()) != 0 {
			t.Errorf("at last %v", stored())
		}
	})
}
