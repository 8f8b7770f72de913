package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// programs are the paths of the other programs that we need.
type programs struct {
	// server is MariaDB, and install creates its data directories.
	server, install string
	// provider is the Galera library, or empty if it is not needed.
	provider string
}

// debianPackages are the fewest packages that Debian and Ubuntu need. None of them starts a
// service.
func debianPackages() []string {
	return []string{"mariadb-server-core", "mariadb-client-core", "galera-4", "iproute2"}
}

// findPrograms returns the programs. It installs them if it is allowed to.
func findPrograms(ctx context.Context, cluster bool) (programs, error) {
	found, missing := look(cluster)
	if len(missing) == 0 {
		return found, nil
	}

	_, noPackages := exec.LookPath("apt-get")
	if os.Geteuid() != 0 || noPackages != nil {
		return found, fmt.Errorf("missing: %s. On Debian or Ubuntu: sudo apt-get install %s",
			strings.Join(missing, ", "), strings.Join(debianPackages(), " "))
	}

	fmt.Println("installing", strings.Join(debianPackages(), " "))
	_, updateErr := run(ctx, "apt-get", "update") // old lists are fine if they contain the packages
	install := []string{"DEBIAN_FRONTEND=noninteractive", "apt-get", "install", "-y", "--no-install-recommends"}
	if _, err := run(ctx, "env", append(install, debianPackages()...)...); err != nil {
		return found, errors.Join(updateErr, err)
	}

	if found, missing = look(cluster); len(missing) > 0 {
		return found, fmt.Errorf("missing, although installed: %s", strings.Join(missing, ", "))
	}

	return found, nil
}

func look(cluster bool) (found programs, missing []string) {
	find := func(what string, places ...string) string {
		for _, place := range places {
			if path, err := exec.LookPath(place); err == nil {
				return path
			}
			if files, err := filepath.Glob(place); err == nil && len(files) > 0 {
				return files[0]
			}
		}

		missing = append(missing, what)
		return ""
	}

	found.server = find("mariadbd", "mariadbd", "/usr/sbin/mariadbd", "/opt/homebrew/opt/mariadb/bin/mariadbd")
	found.install = find("mariadb-install-db", "mariadb-install-db",
		"/opt/homebrew/opt/mariadb/bin/mariadb-install-db")
	if cluster {
		found.provider = find("libgalera_smm.so",
			"/usr/lib/galera/libgalera_smm.so", "/usr/lib*/galera*/libgalera_smm.so")
		find("ip", "ip", "/usr/sbin/ip")
	}

	return found, missing
}
