//go:build !linux

package main

import (
	"errors"
	"syscall"
)

func enclosed() (folder string, ok bool) { return "", false }

func enclose(string, []string) (int, error) { return 0, errors.ErrUnsupported }

func furnish() error { return errors.ErrUnsupported }

// apart protects a process from the terminal's Ctrl-C.
func apart() *syscall.SysProcAttr { return &syscall.SysProcAttr{Setpgid: true} }
