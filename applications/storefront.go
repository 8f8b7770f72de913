package applications

import (
	"context"
	"errors"
	"slices"

	"github.com/authtickets/authtickets/models"
)

// Storefront is the id of the one application of versions that had no others.
const Storefront = "storefront"

// ConfigureStorefront gives the application storefront what the settings of the server say of it, with the same behaviors for customers and for anonymous shoppers. An empty list says
// nothing. Where there are no applications at all it makes the storefront. The error is a RefusedError for what it cannot have, and where there are only others.
func (b *Book) ConfigureStorefront(ctx context.Context, behaviors, origins []string) error {
	if len(behaviors) == 0 && len(origins) == 0 {
		return nil
	}
	behaviors, origins = withoutRepetitions(behaviors), withoutRepetitions(origins)
	change := Change{Behaviors: behaviors, AnonymousBehaviors: behaviors, Origins: origins}
	all, err := b.All(ctx)
	if err != nil {
		return err
	}
	if len(all) == 0 {
		if _, _, err := b.Create(ctx, Storefront, false, change); !errors.Is(err, ErrExists) { // else another replica was faster
			return err
		}
	} else if !slices.ContainsFunc(all, func(a models.Application) bool { return a.ID == Storefront }) {
		return RefusedError("behaviors and origins in the settings are those of the application " + Storefront + ", and there are only others: leave them out of the settings")
	}
	_, err = b.Update(ctx, Storefront, change)
	return err
}

// withoutRepetitions is a list with the first of each item; nil for an empty one.
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
