// Package applications decides about the applications that ask for tickets: what may be said of one, and who is one.
package applications

import (
	"context"
	"crypto/subtle"
	"iter"
	"maps"
	"reflect"
	"slices"
	"sync/atomic"
	"time"

	"github.com/authtickets/authtickets/models"
	"github.com/authtickets/authtickets/secret"
	"github.com/authtickets/authtickets/storage"
)

// Directory is the applications as this process knows them. It asks the database when it is told to, and never on behalf of a request.
type Directory struct {
	Store *storage.Store

	known  atomic.Pointer[snapshot]
	epochs epochs
}

// snapshot is the applications at one instant. It does not change.
type snapshot struct {
	list []models.Application
	byID map[string]*models.Application
	// only is the one application there is, or the only public one; nil when there are several or none.
	only *models.Application
	// version counts the changes from 1.
	version int64
	// origins are those of all applications that are not disabled.
	origins map[string]bool
}

// Reload reads the applications anew.
func (d *Directory) Reload(ctx context.Context) error {
	applications, err := d.Store.Applications(ctx)
	if err != nil {
		return err
	}
	before := d.known.Load()
	if before == nil {
		before = &snapshot{}
	}
	defer d.epochs.reloaded(before.list, applications)
	if before.version > 0 && reflect.DeepEqual(applications, before.list) {
		return nil
	}
	known := &snapshot{list: applications, version: d.Version() + 1, byID: make(map[string]*models.Application, len(applications)), origins: map[string]bool{}}
	for i := range applications {
		application := &applications[i]
		known.byID[application.ID] = application
		for _, origin := range application.Origins {
			known.origins[origin] = known.origins[origin] || !application.IsDisabled
		}
	}
	known.only = only(applications)
	d.known.Store(known)
	return nil
}

// Version counts the changes of the applications from 1; it is 0 before the first Reload.
func (d *Directory) Version() int64 {
	if known := d.known.Load(); known != nil {
		return known.version
	}
	return 0
}

// Find returns the application with an id; nil when there is none.
func (d *Directory) Find(id string) *models.Application {
	if known := d.known.Load(); known != nil {
		return known.byID[id]
	}
	return nil
}

// only returns the one application that a request means which names none. Who shows no secret can only be a public one, so that confidential ones beside it make no difference.
func only(applications []models.Application) *models.Application {
	if len(applications) == 1 {
		return &applications[0]
	}
	var public *models.Application
	for i := range applications {
		if applications[i].IsConfidential {
			continue
		}
		if public != nil {
			return nil
		}
		public = &applications[i]
	}
	return public
}

// All yields every application.
func (d *Directory) All() iter.Seq[*models.Application] {
	known := d.known.Load()
	if known == nil {
		return func(func(*models.Application) bool) {}
	}
	return maps.Values(known.byID)
}

// AllowsOrigin reports whether pages of an origin may call in the name of some application.
func (d *Directory) AllowsOrigin(origin string) bool {
	known := d.known.Load()
	return known != nil && (known.origins[origin] || known.origins[AnyOrigin])
}

// Identify returns the application that a request names, which may be left out while there is only one, or only one public one. A confidential one must show its secret. The reasons of its
// errors are APPLICATION_MISSING, APPLICATION_INVALID, APPLICATION_DISABLED and, before the first Reload, BUSY.
func (d *Directory) Identify(id string, shown secret.Text, now time.Time) (*models.Application, error) {
	known := d.known.Load()
	if known == nil {
		return nil, &models.Error{Reason: models.ReasonBusy, RetryAfter: time.Second}
	}
	application := known.byID[id]
	if id == "" {
		if application = known.only; application == nil {
			return nil, &models.Error{Reason: models.ReasonApplicationMissing}
		}
	}
	switch {
	case application == nil || !proves(application, shown, now):
		return nil, &models.Error{Reason: models.ReasonApplicationInvalid}
	case application.IsDisabled:
		return nil, &models.Error{Reason: models.ReasonApplicationDisabled}
	}
	return application, nil
}

// proves reports whether the secret is that of a confidential application. A public one has none, and must not pretend to.
func proves(application *models.Application, shown secret.Text, now time.Time) bool {
	if !application.IsConfidential {
		return shown.Reveal() == ""
	}
	hash := hashOf(shown)
	present := subtle.ConstantTimeCompare(hash[:], application.SecretHash) == 1
	previous := subtle.ConstantTimeCompare(hash[:], application.PreviousSecretHash) == 1
	return present || (previous && application.PreviousSecretUntil != nil && now.Before(*application.PreviousSecretUntil))
}

// MayCall reports whether pages of an origin may call in the name of an application.
func MayCall(application *models.Application, origin string) bool {
	return slices.Contains(application.Origins, origin) || slices.Contains(application.Origins, AnyOrigin)
}
