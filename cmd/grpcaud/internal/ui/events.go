package ui

import (
	"fmt"
	"net/http"
	"sync"
)

// events counts the changes of the files. It is safe for concurrent use.
type events struct {
	mu    sync.Mutex // guards the fields below
	count int
	next  chan struct{} // closed at the next change
}

func newEvents() *events { return &events{next: make(chan struct{})} }

// add counts a change.
func (e *events) add() {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.count++
	close(e.next)
	e.next = make(chan struct{})
}

// now returns how many changes there were, and a channel that is closed at the next one.
func (e *events) now() (int, <-chan struct{}) {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.count, e.next
}

// ServeHTTP sends the number of changes, now and at each change, as server-sent events.
func (e *events) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "text/event-stream")
	flusher := http.NewResponseController(w)
	for {
		count, next := e.now()
		if _, err := fmt.Fprintf(w, "data: %d\n\n", count); err != nil {
			return
		}
		if flusher.Flush() != nil {
			return
		}
		select {
		case <-next:
		case <-r.Context().Done():
			return
		}
	}
}
