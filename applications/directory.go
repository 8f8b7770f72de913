// Package applications decides about the applications that ask for tickets: which settings one can
// have, and which one is calling.
package applications

import (
	"context"
	"iter"
	"maps"
	"reflect"
	"slices"
	"sync/atomic"
	"time"

	"github.com/authtickets/authtickets/models"
	"github.com/authtickets/authtickets/seal"
	"github.com/authtickets/authtickets/secret"
	"github.com/authtickets/authtickets/storage"
)

// Directory holds the applications in memory. Only Reload and ReloadEnded use the database, so
// no request waits for it.
type Directory struct {
	Store *storage.Store
	// Keys open the tokens of applications' own tickets; nil if they have none.
	Keys *seal.Keys

	current atomic.Pointer[snapshot]
	epochs  epochs
	// ended holds the applications' own tickets that ended early.
	ended atomic.Pointer[map[models.ID]bool]
}

// snapshot holds the applications at one instant. It does not change.
type snapshot struct {
	list []models.Application
	byID map[string]*models.Application
	// byClientID holds the applications with a second id, which is never the id of another one.
	byClientID map[string]*models.Application
	// unnamed is the application that a request means if it names none; nil if that is not clear.
	unnamed *models.Application
	// version counts the changes from 1.
	version int64
	// origins has the origins of all applications. The value is false if every application with the
	// origin is disabled.
	origins map[string]bool
}

// Reload reads the applications from the database.
func (d *Directory) Reload(ctx context.Context) error {
	applications, err := d.Store.Applications(ctx)
	if err != nil {
		return err
	}

	before := d.current.Load()
	if before == nil {
		before = &snapshot{}
	}
	defer d.epochs.reloaded(before.list, applications)

	if before.version > 0 && reflect.DeepEqual(applications, before.list) {
		return nil
	}

	loaded := &snapshot{
		list:       applications,
		byID:       make(map[string]*models.Application, len(applications)),
		byClientID: map[string]*models.Application{},
		version:    d.Version() + 1,
		origins:    map[string]bool{},
	}

	for i := range applications {
		application := &applications[i]
		loaded.byID[application.ID] = application
		if application.ClientID != nil {
			loaded.byClientID[*application.ClientID] = application
		}
		for _, origin := range application.Origins {
			loaded.origins[origin] = loaded.origins[origin] || !application.IsDisabled
		}
	}

	loaded.unnamed = unnamed(applications)
	d.current.Store(loaded)
	return nil
}

// Version counts the changes of the applications from 1; it is 0 before the first Reload.
func (d *Directory) Version() int64 {
	if current := d.current.Load(); current != nil {
		return current.version
	}
	return 0
}

// Find returns the application with an id or a client id; nil if there is none.
func (d *Directory) Find(id string) *models.Application {
	if current := d.current.Load(); current != nil {
		return current.find(id)
	}
	return nil
}

func (s *snapshot) find(id string) *models.Application {
	if application := s.byID[id]; application != nil {
		return application
	}
	return s.byClientID[id]
}

// unnamed returns the application that a request means if it names none: the only one, or the only
// public one. A request without a secret cannot come from a confidential application.
func unnamed(applications []models.Application) *models.Application {
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
	current := d.current.Load()
	if current == nil {
		return func(func(*models.Application) bool) {}
	}
	return maps.Values(current.byID)
}

// AllowsOrigin reports whether pages of an origin may call as at least one application.
func (d *Directory) AllowsOrigin(origin string) bool {
	current := d.current.Load()
	return current != nil && (current.origins[origin] || current.origins[AnyOrigin])
}

// Identify returns the application that a request names by its id or client id. The id can be empty
// if there is only one application, or only one public one. A confidential application must send
// its secret. The reasons of its errors are APPLICATION_MISSING, APPLICATION_INVALID,
// APPLICATION_DISABLED and, before the first Reload, BUSY.
func (d *Directory) Identify(id string, given secret.Text, now time.Time) (*models.Application, error) {
	current := d.current.Load()
	if current == nil {
		return nil, busy()
	}

	application := current.find(id)
	if id == "" {
		if application = current.unnamed; application == nil {
			return nil, &models.Error{Reason: models.ReasonApplicationMissing}
		}
	}

	switch {
	case application == nil || !proves(application, given, now):
		return nil, invalid()
	case application.IsDisabled:
		return nil, &models.Error{Reason: models.ReasonApplicationDisabled}
	}

	return application, nil
}

// proves reports whether a secret proves that the caller is the application. A public application
// must send none.
func proves(application *models.Application, given secret.Text, now time.Time) bool {
	if !application.IsConfidential {
		return given.Reveal() == ""
	}

	hash := hashOf(given)
	return isSecret(application, hash[:], now)
}

// MayCall reports whether pages of an origin may call as an application.
func MayCall(application *models.Application, origin string) bool {
	return slices.Contains(application.Origins, origin) || slices.Contains(application.Origins, AnyOrigin)
}
