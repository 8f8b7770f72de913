package gqlhttp

// weight is for how many fields of an answer a selected field stands. The zero value is one for
// itself, and those below it once.
type weight struct {
	// own is the weight of the field alone: more than 1 where its text may be long.
	own int
	// items is how many items its list may have.
	items int
}

func (w weight) of(below int) int { return max(1, w.own) + max(1, w.items)*below }

// weightsOf returns the weights of the fields that may bring more than they look like. A customer
// has no more sessions than the setting says. Attributes are few and bounded in bytes, all
// together.
func weightsOf(sessions int) map[string]weight {
	const (
		mostSessions = 50 // so that a higher setting does not forbid what is allowed by default
		attributes   = 5
		longText     = 2
		longValues   = 5
	)
	list := weight{items: min(sessions, mostSessions)}
	return map[string]weight{
		"sessions": list, "accountSessions": list, "attributes": {items: attributes},
		"userAgent": {own: longText}, "values": {own: longValues},
	}
}
