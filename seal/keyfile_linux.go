package seal

import (
	"os"
	"syscall"

	"golang.org/x/sys/unix"
)

// belongsToRoot reports whether a file belongs to root.
func belongsToRoot(info os.FileInfo) bool {
	owned, ok := info.Sys().(*syscall.Stat_t)
	return ok && owned.Uid == 0
}

// isInContainerMemory reports whether a file is in the memory of a container. The file must be on a
// file system in memory, and the root folder must be an overlay, as a container image has it.
//
// A folder in the host's memory that is mounted into the container looks the same, although users
// of the host may be able to read its files. The mount point cannot tell the two apart, because
// Docker Swarm mounts single files of a larger file system.
func isInContainerMemory(path string) bool {
	var root, place unix.Statfs_t
	if unix.Statfs("/", &root) != nil || unix.Statfs(path, &place) != nil {
		return false
	}
	return root.Type == unix.OVERLAYFS_SUPER_MAGIC && place.Type == unix.TMPFS_MAGIC
}
