package web

import (
	"encoding/json"
	"fmt"
	"net/http"
	"time"
)

// writeTimeout is how long a browser may take to accept one event.
const writeTimeout = 10 * time.Second

// Events writes server-sent events to one browser. It is for one goroutine.
type Events struct {
	w       http.ResponseWriter
	control *http.ResponseController
}

// StartEvents begins the response, so that the page knows that it is followed.
func StartEvents(w http.ResponseWriter) *Events {
	w.Header().Set("Content-Type", "text/event-stream")
	e := &Events{w, http.NewResponseController(w)}
	_ = e.control.Flush() // Send reports a connection that has gone
	return e
}

// Send writes one event, with data as JSON: JSON has no line breaks of its own, so that no
// text in it can begin another event.
func (e *Events) Send(name string, data any) error {
	text, err := json.Marshal(data)
	if err != nil {
		return err
	}
	return e.write(fmt.Sprintf("event: %s\ndata: %s\n\n", name, text))
}

// Ping writes a comment, so that a connection that nobody reads is noticed.
func (e *Events) Ping() error { return e.write(":\n\n") }

func (e *Events) write(text string) error {
	if err := e.control.SetWriteDeadline(time.Now().Add(writeTimeout)); err != nil {
		return err
	}
	if _, err := e.w.Write([]byte(text)); err != nil {
		return err
	}
	return e.control.Flush()
}
