//go:build unix

package recorded_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/grpcaud/grpcaud/cmd/grpcaud/internal/recorded"
)

func TestNamedPipeIsRead(t *testing.T) {
	path := filepath.Join(t.TempDir(), "pipe")
	if err := syscall.Mkfifo(path, 0o600); err != nil {
		t.Fatal(err)
	}
	written := make(chan error, 1)
	go func() { written <- os.WriteFile(path, []byte(record(1)+record(2)), 0o600) }()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	cmd, _ := command(ctx, nil)
	log, err := recorded.Read(cmd, []string{path}, nothing, nil)
	if err != nil || log.Records != 2 {
		t.Fatalf("log %+v, error %v, want 2 records", log, err)
	}
	if err := <-written; err != nil {
		t.Fatal(err)
	}
}

func TestNamedPipeWithoutWriterEndsWithItsContext(t *testing.T) {
	path := filepath.Join(t.TempDir(), "pipe")
	if err := syscall.Mkfifo(path, 0o600); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
	defer cancel()
	cmd, _ := command(ctx, nil)
	if _, err := recorded.Read(cmd, []string{path}, nothing, nil); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("error %v, want that of the context", err)
	}
	if writer, err := os.OpenFile(path, os.O_WRONLY, 0); err == nil { // so that the goroutine ends
		writer.Close()
	}
}
