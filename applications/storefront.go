package applications

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/authtickets/authtickets/access"
	"github.com/authtickets/authtickets/models"
)

// Storefront is the id of the application that every new database has.
const Storefront = "storefront"

// ConfigureStorefront gives the application storefront the behaviors and origins in the server's
// settings. Customers and anonymous shoppers get the same behaviors. An empty list changes nothing.
// If there are no applications, it creates the storefront. The error is a RefusedError for invalid
// values, and if there are only other applications.
func (b *Book) ConfigureStorefront(ctx context.Context, caller *access.Caller, behaviors, origins []string) error {
	if len(behaviors) == 0 && len(origins) == 0 {
		return nil
	}
	act := access.Act{Name: "application.configure"}
	_, err := access.Do(ctx, b.Desk, caller, act, func(entry *access.Entry) (struct{}, error) {
		err := b.configureStorefront(ctx, entry, behaviors, origins)
		return struct{}{}, err
	})
	return err
}

func (b *Book) configureStorefront(ctx context.Context, entry *access.Entry, behaviors, origins []string) error {
	behaviors, origins = withoutRepetitions(behaviors), withoutRepetitions(origins)
	change := Change{Behaviors: behaviors, AnonymousBehaviors: behaviors, Origins: origins}
	all, err := b.Store.Applications(ctx)
	if err != nil {
		return err
	}
	if len(all) == 0 {
		_, err := b.create(ctx, New{ID: Storefront, Change: change})
		if err == nil {
			entry.Application = Storefront
		}
		if !errors.Is(err, ErrExists) { // with ErrExists, another replica was faster
			return err
		}
	} else if !slices.ContainsFunc(all, func(a models.Application) bool { return a.ID == Storefront }) {
		return RefusedError("behaviors and origins in the settings are for the application " + Storefront +
			", but there are only others: remove them from the settings")
	}
	_, err = b.changeStored(ctx, entry, Storefront, func(application *models.Application, _ time.Time) error {
		change.apply(application)
		return check(application)
	})
	return err
}

// withoutRepetitions returns each item of a list once; nil for an empty list.
func withoutRepetitions(list []string) []string {
	var firsts []string
	seen := make(map[string]bool, len(list))
	for _, item := range list {
		if !seen[item] {
			firsts = append(firsts, item)
		}
		seen[item] = true
	}
	return firsts
}
