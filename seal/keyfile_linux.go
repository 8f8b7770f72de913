package seal

import (
	"os"
	"syscall"

	"golang.org/x/sys/unix"
)

// isRoots reports whether a file belongs to root.
func isRoots(info os.FileInfo) bool {
	owned, ok := info.Sys().(*syscall.Stat_t)
	return ok && owned.Uid == 0
}

// isContained reports whether a file is in the memory of a container. The file must be on a file
// system in memory, and the root must be an overlay over the layers of an image.
//
// A folder in the host's memory that is mounted into the container looks the same, and users of the
// host may be able to read its files. The root of the mount does not help to distinguish them,
// because Docker Swarm mounts single files of a larger file system.
func isContained(path string) bool {
	var root, place unix.Statfs_t
	if unix.Statfs("/", &root) != nil || unix.Statfs(path, &place) != nil {
		return false
	}
	return root.Type == unix.OVERLAYFS_SUPER_MAGIC && place.Type == unix.TMPFS_MAGIC
}
