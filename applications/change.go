package applications

import (
	"time"

	"github.com/authtickets/authtickets/models"
)

// Change is what is said of an application. A field that is nil leaves what the application has; a new one has its id for a name then, empty lists, and the
// server's lifetimes.
type Change struct {
	Name *string
	// An empty list clears what the application has.
	Behaviors, AnonymousBehaviors, OwnBehaviors, Origins []string
	// 0 means the server's.
	AccessLifetime, RefreshLifetime, AnonymousRefreshLifetime, SessionLifetime *time.Duration
}

func (c *Change) apply(application *models.Application) {
	set(&application.Name, c.Name)
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
