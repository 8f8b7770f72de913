//go:build unix

package inbound

import "syscall"

// descriptors returns how many files and connections the process may have open.
func descriptors() (int, bool) {
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil {
		return 0, false
	}
	const enough = 1 << 30
	// Some systems have a signed limit.
	return int(min(uint64(limit.Cur), enough)), true //nolint:gosec,unconvert,nolintlint // bounded
}
