package main

import (
	"errors"
	"os"
	"os/exec"
	"os/signal"
	"syscall"
)

// folderVariable tells the program inside the enclosure which folder is prepared for it.
const folderVariable = "CLUSTER_FOLDER"

// enclosed returns the prepared folder, if this program runs inside the enclosure.
func enclosed() (folder string, ok bool) { return os.LookupEnv(folderVariable) }

// enclose runs this program once more, with its own network, file system mounts and processes, and
// returns its exit code. Nothing inside reaches any other network. When the program inside ends,
// for whatever reason, everything that it has started ends with it.
//
// It returns an error when this system does not allow it.
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
	if os.Geteuid() != 0 { // a user namespace lets others do the same, where it is allowed
		command.SysProcAttr.Cloneflags |= syscall.CLONE_NEWUSER
		command.SysProcAttr.UidMappings = []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getuid(), Size: 1}}
		command.SysProcAttr.GidMappings = []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getgid(), Size: 1}}
	}

	// Ctrl-C reaches the program inside from the terminal, and that cleans up.
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
		return 1, nil // the program did run
	}
	return command.ProcessState.ExitCode(), nil
}

// furnish gives the enclosure what programs expect to find: their own processes in /proc, and a
// place for the names of network namespaces.
func furnish() error {
	if err := syscall.Mount("none", "/", "", syscall.MS_REC|syscall.MS_PRIVATE, ""); err != nil {
		return err
	}
	if err := syscall.Mount("proc", "/proc", "proc", 0, ""); err != nil {
		return err
	}
	return syscall.Mount("tmpfs", "/run", "tmpfs", 0, "")
}

// apart keeps a process out of the terminal's Ctrl-C, and ends it when this program dies.
func apart() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
}
