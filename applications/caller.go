package applications

import (
	"slices"
	"time"

	"github.com/authtickets/authtickets/access"
	"github.com/authtickets/authtickets/models"
)

// Caller returns the application that calls. The reasons of its errors are those of Identify, and
// ORIGIN_NOT_ALLOWED.
func (d *Directory) Caller(caller *access.Caller, now time.Time) (*models.Application, error) {
	application, err := d.Identify(caller.Application, caller.Secret, now)
	if err != nil {
		return nil, err
	}
	if caller.Origin != "" && !MayCall(application, caller.Origin) {
		return nil, &models.Error{Reason: models.ReasonOriginNotAllowed}
	}
	return application, nil
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
