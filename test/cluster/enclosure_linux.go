package main

import (
	"errors"
	"os"
	"os/exec"
	"os/signal"
	"syscall"
)

// folderVariable tells the program inside the enclosure which folder was prepared for it.
const folderVariable = "CLUSTER_FOLDER"

// enclosed returns the prepared folder, if this program runs inside the enclosure.
func enclosed() (folder string, ok bool) { return os.LookupEnv(folderVariable) }

// enclose runs this program again, with its own network, mounts and processes, and returns its exit
// code. Inside, no other network can be reached. When the program inside ends, for whatever reason,
// everything that it started ends too.
//
// enclose returns an error if this system does not allow it.
func enclose(folder string, arguments []string) (int, error) {
	executable, err := os.Executable()
	if err != nil {
		return 0, err
	}

	command := exec.Command(executable, arguments...)
	command.Env = append(os.Environ(), folderVariable+"="+folder)
	command.Stdout, command.Stderr = os.Stdout, os.Stderr
	command.SysProcAttr = &syscall.SysProcAttr{
		Cloneflags: syscall.CLONE_NEWNET | syscall.CLONE_NEWNS | syscall.CLONE_NEWPID,
		Pdeathsig:  syscall.SIGKILL,
	}
	if os.Geteuid() != 0 { // this way a user namespace works without root, if the system allows it
		command.SysProcAttr.Cloneflags |= syscall.CLONE_NEWUSER
		command.SysProcAttr.UidMappings = []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getuid(), Size: 1}}
		command.SysProcAttr.GidMappings = []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getgid(), Size: 1}}
	}

	// The terminal sends Ctrl-C to the program inside as well, and that program cleans up.
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	defer signal.Stop(signals)

	if err := command.Start(); err != nil {
		return 0, err
	}

	go func() {
		for received := range signals {
			if received != os.Interrupt {
				_ = command.Process.Signal(received)
			}
		}
	}()

	err = command.Wait()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		return 1, nil // the program ran, but how it ended is unknown
	}

	return command.ProcessState.ExitCode(), nil
}

// furnish gives the enclosure what programs expect: their own processes in /proc, and a folder for
// the names of network namespaces.
func furnish() error {
	if err := syscall.Mount("none", "/", "", syscall.MS_REC|syscall.MS_PRIVATE, ""); err != nil {
		return err
	}
	if err := syscall.Mount("proc", "/proc", "proc", 0, ""); err != nil {
		return err
	}
	return syscall.Mount("tmpfs", "/run", "tmpfs", 0, "")
}

// detached protects a process from the terminal's Ctrl-C, and ends it when this program dies.
func detached() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
}
