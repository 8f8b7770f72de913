package applications

import (
	"slices"
	"time"

	"github.com/authtickets/authtickets/access"
	"github.com/authtickets/authtickets/models"
	"github.com/authtickets/authtickets/seal"
)

// Caller returns the application that calls. It proves itself with the access token of its own
// ticket, or as Identify says. The reasons of its errors are those of Identify, and
// ORIGIN_NOT_ALLOWED.
func (d *Directory) Caller(caller *access.Caller, now time.Time) (*models.Application, error) {
	var application *models.Application
	var err error
	if caller.ApplicationToken.Reveal() != "" {
		application, _, err = d.holder(seal.ApplicationAccess, caller.ApplicationToken, now)
	} else {
		application, err = d.Identify(caller.Application, caller.Secret, now)
	}
	if err != nil {
		return nil, err
	}
	if err := admits(application, caller); err != nil {
		return nil, err
	}
	return application, nil
}

// admits returns the error for a caller that names another application than the one it proves to
// be, or whose page may not call for it.
func admits(application *models.Application, caller *access.Caller) error {
	isOther := caller.Application != "" && caller.Application != application.ID &&
		(application.ClientID == nil || caller.Application != *application.ClientID)
	switch {
	case isOther:
		return invalid()
	case caller.Origin != "" && !MayCall(application, caller.Origin):
		return &models.Error{Reason: models.ReasonOriginNotAllowed}
	}
	return nil
}

// Rights returns a function for access.Desk.Allows. A caller has the rights of its application. A
// ticket gives no rights. The reasons of its errors are those of Caller, and BEHAVIOR_MISSING.
func (d *Directory) Rights(now func() time.Time) func(*access.Caller, access.Right) (string, error) {
	return func(caller *access.Caller, right access.Right) (string, error) {
		application, err := d.Caller(caller, now())
		if err != nil {
			return "", err
		}
		if !application.IsConfidential || !slices.Contains(application.OwnBehaviors, right.Behavior()) {
			return application.ID, &models.Error{Reason: models.ReasonBehaviorMissing}
		}
		return application.ID, nil
	}
}
