package applications

import "slices"

// The behaviors that this product knows itself. They are of the application that calls, and no ticket carries them.
const (
	// IntrospectTickets lets an application ask what a ticket is worth.
	IntrospectTickets = "tickets.introspect"
	// ManageAccounts lets an application change customers' accounts.
	ManageAccounts = "accounts.manage"
)

func reserved() []string { return []string{IntrospectTickets, ManageAccounts} }

// IsReserved reports whether only an application itself can have a behavior.
func IsReserved(behavior string) bool { return slices.Contains(reserved(), behavior) }
