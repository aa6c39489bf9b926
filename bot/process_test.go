package bot

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// binary builds the program once a test process, with the flags that the tests
// themselves were compiled with, so that little has to be compiled again.
// Folders of test processes that are gone are swept.
var binary = sync.OnceValues(func() (string, error) {
	const folder = "gatehouse-bin-"
	old, _ := filepath.Glob(filepath.Join(os.TempDir(), folder+"*"))
	for _, dir := range old {
		pid, _, _ := strings.Cut(strings.TrimPrefix(filepath.Base(dir), folder), "-")
		n, err := strconv.Atoi(pid)
		if owner, _ := os.FindProcess(n); err == nil && (owner == nil || errors.Is(owner.Signal(syscall.Signal(0)), os.ErrProcessDone)) {
			_ = os.RemoveAll(dir)
		}
	}
	dir, err := os.MkdirTemp("", folder+strconv.Itoa(os.Getpid())+"-")
	if err != nil {
		return "", err
	}
	path := filepath.Join(dir, "gatehouse")
	build := exec.Command("go", "build", "-ldflags=-s -w", "-o", path, "./cmd/gatehouse")
	build.Dir = ".."
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		return "", fmt.Errorf("build gatehouse: %w: %s", err, out)
	}
	return path, nil
})

// process is one `gatehouse serve`. It dies with the test process.
type process struct {
	cmd   *exec.Cmd
	addr  string
	began time.Time
	said  *tail
	ended chan struct{} // closed when it has ended, and err is set
	err   error
}

// launch starts `gatehouse serve` at this very moment.
func (r *rig) launch(more ...string) *process {
	r.t.Helper()
	path := r.program
	if path == "" {
		var err error
		if path, err = binary(); err != nil {
			r.t.Fatal(err)
		}
	}
	p := &process{cmd: exec.Command(path, "serve"), said: &tail{}, ended: make(chan struct{})}
	p.cmd.Env = r.environ(more...)
	p.cmd.Dir = r.t.TempDir()
	p.cmd.Stderr = p.said
	p.cmd.SysProcAttr = tethered()
	for _, entry := range p.cmd.Env {
		if addr, ok := strings.CutPrefix(entry, Prefix+"_LISTEN_ADDR="); ok {
			p.addr = addr
		}
	}
	started := make(chan error, 1)
	go func() {
		runtime.LockOSThread() // a tether follows the thread that began it
		p.began = time.Now()
		err := p.cmd.Start()
		started <- err
		if err == nil {
			p.err = p.cmd.Wait()
			close(p.ended)
		}
	}()
	if err := <-started; err != nil {
		r.t.Fatal(err)
	}
	r.t.Cleanup(p.kill)
	return p
}

// ready waits until the process says that it is, and returns how long after its
// start that was. An error means that it ended instead, or ctx did.
func (p *process) ready(ctx context.Context) (time.Duration, error) {
	client := http.Client{Timeout: 2 * time.Second, Transport: &http.Transport{DisableKeepAlives: true}}
	for {
		res, err := client.Get("http://" + p.addr + "/readyz")
		if err == nil {
			_ = res.Body.Close()
			if res.StatusCode == http.StatusOK {
				return time.Since(p.began), nil
			}
		}
		select {
		case <-p.ended:
			return 0, fmt.Errorf("it ended: %w\n%s", p.err, p.said)
		case <-ctx.Done():
			return 0, fmt.Errorf("it is not ready: %w\n%s", ctx.Err(), p.said)
		case <-time.After(2 * time.Millisecond):
		}
	}
}

// kill is kill -9. The process has ended when it returns.
func (p *process) kill() {
	_ = p.cmd.Process.Kill()
	<-p.ended
}

// stop asks it to end, as whoever runs it does, and returns how long it took.
func (p *process) stop(t testing.TB, within time.Duration) time.Duration {
	t.Helper()
	began := time.Now()
	if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		<-p.ended
		t.Fatalf("ended by itself: %v\n%s", p.err, p.said)
	}
	select {
	case <-p.ended:
	case <-time.After(within):
		t.Fatalf("still there %s after SIGTERM\n%s", within, p.said)
	}
	if p.err != nil {
		t.Errorf("after SIGTERM it ended with %v\n%s", p.err, p.said)
	}
	return time.Since(began)
}

// tail keeps the last of what a process said.
type tail struct {
	mu   sync.Mutex
	text bytes.Buffer
}

const tailSize = 1 << 16

func (w *tail) Write(b []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.text.Write(b)
	if w.text.Len() > 2*tailSize {
		w.text.Next(w.text.Len() - tailSize)
	}
	return len(b), nil
}

func (w *tail) String() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.text.String()
}
