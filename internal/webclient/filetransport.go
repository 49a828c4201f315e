package webclient

import (
	"net/http"
	"sync"
)

// Transport carries requests over connections of its own.
type Transport interface {
	http.RoundTripper
	CloseIdleConnections()
}

// FileTransport is a [Transport] that is made from the content of files. It reads the
// files at each request, and a request does not use a connection that was made under an
// earlier content. A file that cannot be read, or that cannot be used, fails the request,
// and nothing is sent. A FileTransport is safe for concurrent use.
type FileTransport[C comparable] struct {
	read  func() (C, error)          // returns the content of the files
	build func(C) (Transport, error) // returns the transport for it

	mu      sync.Mutex // guards what follows
	content C
	current Transport // for content; nil before the first request
}

// NewFileTransport returns a transport for the content that read returns. Build makes the
// transport for one content; it is called under a lock and must not block.
func NewFileTransport[C comparable](read func() (C, error), build func(C) (Transport, error)) *FileTransport[C] {
	return &FileTransport[C]{read: read, build: build}
}

// RoundTrip implements [http.RoundTripper].
func (t *FileTransport[C]) RoundTrip(r *http.Request) (*http.Response, error) {
	transport, err := t.transport()
	if err != nil {
		if r.Body != nil {
			r.Body.Close()
		}
		return nil, err
	}
	return transport.RoundTrip(r)
}

// Ready returns the error with which a request would fail because of the files.
func (t *FileTransport[C]) Ready() error {
	_, err := t.transport()
	return err
}

// transport returns the transport for what the files hold now.
func (t *FileTransport[C]) transport() (Transport, error) {
	content, err := t.read()
	if err != nil {
		return nil, err
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.current != nil && content == t.content {
		return t.current, nil
	}
	next, err := t.build(content)
	if err != nil {
		return nil, err
	}
	t.closeLocked()
	t.content, t.current = content, next
	return next, nil
}

// CloseIdleConnections closes the idle connections of the current transport.
func (t *FileTransport[C]) CloseIdleConnections() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.closeLocked()
}

func (t *FileTransport[C]) closeLocked() {
	if t.current != nil {
		t.current.CloseIdleConnections()
	}
}
