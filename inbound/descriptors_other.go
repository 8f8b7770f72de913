//go:build !unix

package inbound

// descriptors returns false: on this system the number is unknown.
func descriptors() (int, bool) { return 0, false }
