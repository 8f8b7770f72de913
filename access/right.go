package access

// Right is what an operation can require of its caller. An application has a right if the behavior
// of the same name is among its own behaviors. A ticket never gives a right.
//
// Only this package can make one. Only operators and the server have the zero Right. So an
// operation that names no right is closed to everybody else.
type Right struct{ number rightNumber }

// IntrospectTickets lets an application ask whether an access token is valid, and what it says.
func IntrospectTickets() Right { return Right{introspectTickets} }

// ManageAccounts lets an application read and change customer accounts, and end their sessions.
func ManageAccounts() Right { return Right{manageAccounts} }

type rightNumber int

// A new right needs its number here, its name in Behavior, and a function above.
const (
	insidersOnly rightNumber = iota
	introspectTickets
	manageAccounts
	afterLastRight
)

// Behavior returns the name of the behavior that gives an application the right; empty for the
// zero Right, which no behavior gives.
func (r Right) Behavior() string {
	switch r.number {
	case introspectTickets:
		return "tickets.introspect"
	case manageAccounts:
		return "accounts.manage"
	case insidersOnly, afterLastRight:
	}
	return ""
}

// Rights returns all rights that an application can have.
func Rights() []Right {
	var rights []Right
	for number := insidersOnly + 1; number < afterLastRight; number++ {
		rights = append(rights, Right{number})
	}
	return rights
}

// IsReserved reports whether a behavior is the name of a right. Tickets cannot carry such a
// behavior.
func IsReserved(behavior string) bool {
	for _, right := range Rights() {
		if behavior == right.Behavior() {
			return true
		}
	}
	return false
}
