package gqlhttp

// weight says for how many fields of an answer a selected field counts. The zero value counts the
// field once, and the fields below it once.
type weight struct {
	// own is the weight of the field itself. It is more than 1 if its text may be long.
	own int
	// items is how many items its list may have.
	items int
}

// of returns the weight of a field with the weight below it.
func (w weight) of(below int) int { return max(1, w.own) + max(1, w.items)*below }

// weightsOf returns the weights of fields whose answers may be large. A customer has at most as
// many sessions as the setting says. There are few attributes, and their total size is bounded.
func weightsOf(sessions int) map[string]weight {
	const (
		mostSessions = 50 // a higher setting must not forbid what the default allows
		attributes   = 5
		longText     = 2
		longValues   = 5
	)

	list := weight{items: min(sessions, mostSessions)}
	return map[string]weight{
		"sessions":        list,
		"accountSessions": list,
		"attributes":      {items: attributes},
		"userAgent":       {own: longText},
		"values":          {own: longValues},
	}
}
