package inbound

// DefaultConnections returns a limit for a server that needs some file descriptors for other
// things. The limit fits into the descriptors that are left. It is also low enough that the
// connections of an attacker take little memory.
func DefaultConnections(otherDescriptors int) int {
	available, isKnown := descriptors()
	if !isKnown {
		return mostByDefault
	}
	return connectionsWithin(available, otherDescriptors)
}

// mostByDefault is the limit if the system has room for more.
const mostByDefault = 600

// connectionsWithin returns how many connections fit into the available descriptors, besides others
// and the connections that are being refused. Both kinds of connections together get at least a
// quarter of the descriptors.
func connectionsWithin(available, others int) int {
	const share, least = 4, 8
	fitting := max(available-others, available/share) * refusalShare / (refusalShare + 1)
	return max(least, min(mostByDefault, fitting))
}
