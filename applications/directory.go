// Package applications decides about the applications that ask for tickets: what one can be like,
// and which one is calling.
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

// Directory is the applications as this process knows them. Only Reload asks the database, so no
// request waits for it.
type Directory struct {
	Store *storage.Store

	known  atomic.Pointer[snapshot]
	epochs epochs
}

// snapshot is the applications at one instant. It does not change.
type snapshot struct {
	list []models.Application
	byID map[string]*models.Application
	// only is the application that a request means if it names none; nil if that is not clear.
	only *models.Application
	// version counts the changes from 1.
	version int64
	// origins has the origins of all applications. The value is false if all of theirs are
	// disabled.
	origins map[string]bool
}

// Reload reads the applications from the database.
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

	known := &snapshot{
		list:    applications,
		byID:    make(map[string]*models.Application, len(applications)),
		version: d.Version() + 1,
		origins: map[string]bool{},
	}

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

// Find returns the application with an id; nil if there is none.
func (d *Directory) Find(id string) *models.Application {
	if known := d.known.Load(); known != nil {
		return known.byID[id]
	}
	return nil
}

// only returns the application that a request means if it names none: the only one, or the only
// public one. A request without a secret cannot come from a confidential application.
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

// AllowsOrigin reports whether pages of an origin may call for at least one application.
func (d *Directory) AllowsOrigin(origin string) bool {
	known := d.known.Load()
	return known != nil && (known.origins[origin] || known.origins[AnyOrigin])
}

// Identify returns the application that a request names. The id can be empty while there is only
// one application, or only one public one. A confidential application must show its secret. The
// reasons of its errors are APPLICATION_MISSING, APPLICATION_INVALID, APPLICATION_DISABLED and,
// before the first Reload, BUSY.
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

// proves reports whether a secret belongs to an application. A public one must show none.
func proves(application *models.Application, shown secret.Text, now time.Time) bool {
	if !application.IsConfidential {
		return shown.Reveal() == ""
	}

	hash := hashOf(shown)
	present := subtle.ConstantTimeCompare(hash[:], application.SecretHash) == 1
	previous := subtle.ConstantTimeCompare(hash[:], application.PreviousSecretHash) == 1

	until := application.PreviousSecretUntil
	return present || previous && until != nil && now.Before(*until)
}

// MayCall reports whether pages of an origin may call for an application.
func MayCall(application *models.Application, origin string) bool {
	return slices.Contains(application.Origins, origin) || slices.Contains(application.Origins, AnyOrigin)
}
