//go:build !linux

package main

import (
	"errors"
	"syscall"
)

func enclosed() (folder string, ok bool) { return "", false }

func enclose(string, []string) (int, error) { return 0, errors.ErrUnsupported }

func furnish() error { return errors.ErrUnsupported }

// detached protects a process from the terminal's Ctrl-C.
func detached() *syscall.SysProcAttr { return &syscall.SysProcAttr{Setpgid: true} }
