package applications

import (
	"time"

	"github.com/authtickets/authtickets/models"
)

// Change says what to change in an application. A nil field leaves its value as it is. In a new
// application, a nil name means the id, a nil list is empty, and a nil lifetime means the server's.
type Change struct {
	Name *string
	// ClientID is the second id. An empty one removes it.
	ClientID *string
	// An empty list clears the application's list.
	Behaviors, AnonymousBehaviors, OwnBehaviors, Origins []string
	// An empty map removes all numbers.
	BehaviorNumbers map[string]int
	// 0 means the lifetime in the server's settings.
	AccessLifetime, RefreshLifetime, AnonymousRefreshLifetime, SessionLifetime *time.Duration
}

func (c *Change) apply(application *models.Application) {
	set(&application.Name, c.Name)
	if c.ClientID != nil {
		application.ClientID = c.ClientID
	}
	if application.ClientID != nil && *application.ClientID == "" {
		application.ClientID = nil
	}
	if c.BehaviorNumbers != nil {
		application.BehaviorNumbers = c.BehaviorNumbers
	}
	set(&application.AccessLifetime, c.AccessLifetime)
	set(&application.RefreshLifetime, c.RefreshLifetime)
	set(&application.AnonymousRefreshLifetime, c.AnonymousRefreshLifetime)
	set(&application.SessionLifetime, c.SessionLifetime)
	setList(&application.Behaviors, c.Behaviors)
	setList(&application.AnonymousBehaviors, c.AnonymousBehaviors)
	setList(&application.OwnBehaviors, c.OwnBehaviors)
	setList(&application.Origins, c.Origins)
}

func set[Value any](to *Value, from *Value) {
	if from != nil {
		*to = *from
	}
}

func setList(to *[]string, from []string) {
	if from != nil {
		*to = from
	}
}
