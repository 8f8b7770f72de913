package applications_test

import (
	"errors"
	"testing"
	"time"

	"github.com/authtickets/authtickets/access"
	"github.com/authtickets/authtickets/applications"
	"github.com/authtickets/authtickets/models"
)

// No ticket can carry a right, and no public application has one. This holds for every right,
// future ones too.
func TestRights(t *testing.T) {
	t.Parallel()
	onEach(t, func(t *testing.T, b *book) {
		b.create("backend", true, applications.Change{})
		for _, right := range access.Rights() {
			behavior := []string{right.Behavior()}
			for name, change := range map[string]applications.Change{
				"customers": {Behaviors: behavior}, "anonymous shoppers": {AnonymousBehaviors: behavior},
			} {
				_, err := b.Update(t.Context(), access.Operator(), "backend", change)
				if _, refused := errors.AsType[applications.RefusedError](err); !refused {
					t.Errorf("%s: tickets of %s can carry it: %v", right.Behavior(), name, err)
				}
			}

			// This holds even if a row says otherwise, written by a version without this right.
			caller := &access.Caller{Application: applications.Storefront}
			must(t, b.Store.ChangeApplication(t.Context(), applications.Storefront, carry(behavior)))
			_, err := b.directory().Rights(b.Now)(caller, right)
			if !errors.Is(err, &models.Error{Reason: models.ReasonBehaviorMissing}) {
				t.Errorf("%s: a public application has it: %v", right.Behavior(), err)
			}
		}

		_, err := b.directory().Rights(b.Now)(&access.Caller{Application: "nobody"}, access.ManageAccounts())
		if !errors.Is(err, &models.Error{Reason: models.ReasonApplicationInvalid}) {
			t.Error(err)
		}
	})
}

// carry returns a change that gives behaviors to an application and all its tickets, without
// checking them.
func carry(behaviors []string) func(*models.Application, time.Time) error {
	return func(application *models.Application, _ time.Time) error {
		application.Behaviors, application.AnonymousBehaviors = behaviors, behaviors
		application.OwnBehaviors = behaviors
		return nil
	}
}
