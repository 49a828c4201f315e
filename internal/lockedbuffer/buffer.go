// Package lockedbuffer has a buffer for the logs and outputs that tests read.
package lockedbuffer

import (
	"bytes"
	"sync"
)

// Buffer is a buffer that may be written and read at the same time. Its zero value is
// empty.
type Buffer struct {
	mu  sync.Mutex // guards buf
	buf bytes.Buffer
}

// Write implements [io.Writer].
func (b *Buffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.Write(p)
}

// String returns what was written so far.
func (b *Buffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.String()
}
