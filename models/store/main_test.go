package store_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"testing"

	"github.com/gatehousehq/gatehouse/models/store"
)

// childURL makes this binary open a database instead of running tests, so that
// tests can have real processes.
const childURL = "STORE_TEST_CHILD_URL"

func TestMain(m *testing.M) {
	if url := os.Getenv(childURL); url != "" {
		os.Exit(child(url))
	}
	os.Exit(m.Run())
}

// child opens the database, says "up" or why not, and stays until its standard
// input is closed.
func child(url string) int {
	s, err := store.Open(context.Background(), store.Options{URL: url, MaxConns: 4, Logger: slog.New(slog.DiscardHandler)})
	if held, ok := errors.AsType[*store.HeldError](err); ok {
		fmt.Printf("held by %d: %s\n", held.PID, held)
		return 3
	}
	if err != nil {
		fmt.Println("failed:", err)
		return 1
	}
	fmt.Println("up")
	_, _ = bufio.NewReader(os.Stdin).ReadString('\n')
	if err := s.Close(); err != nil {
		fmt.Println("close:", err)
		return 1
	}
	return 0
}

// process is one child.
type process struct {
	cmd  *exec.Cmd
	says string // its first line
	end  func() error
}

// startChild starts a child and waits for its first line.
func startChild(t *testing.T, url string) *process {
	t.Helper()
	p, err := runChild(url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = p.cmd.Process.Kill(); _ = p.end() })
	return p
}

func runChild(url string) (*process, error) {
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), childURL+"="+url)
	in, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	cmd.Stderr = os.Stderr
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	line, _ := bufio.NewReader(out).ReadString('\n')
	return &process{cmd, line, func() error { _ = in.Close(); return cmd.Wait() }}, nil
}
