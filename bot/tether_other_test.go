//go:build !linux

package bot

import "syscall"

// tethered can do nothing here: a child outlives a killed test process.
func tethered() *syscall.SysProcAttr { return nil }
