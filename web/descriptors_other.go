//go:build !unix

package web

// descriptors is not known on this system.
func descriptors() (int, bool) { return 0, false }
