package bot

import "syscall"

// tethered ends a child when this process ends, however it ends.
func tethered() *syscall.SysProcAttr { return &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL} }
