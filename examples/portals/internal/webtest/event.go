package webtest

import (
	"bufio"
	"context"
	"io"
	"net/http"
	"strings"
	"time"
)

// Event is one server-sent event.
type Event struct{ Name, Data string }

// Events follows the events at an address until the test ends. The channel is closed when the
// server ends them, and when the test does.
func (b *Browser) Events(address string) <-chan Event {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.t.Context(), time.Minute)
	r := b.Request(http.MethodGet, address, nil).WithContext(ctx)
	client := *b.http
	client.Timeout = 0
	late := time.AfterFunc(10*time.Second, cancel) // a page hears at once that it is followed
	response, err := client.Do(r)
	if err != nil || !late.Stop() {
		cancel()
		b.t.Fatalf("%s: %v", address, err)
	}
	if got := response.Header.Get("Content-Type"); response.StatusCode != http.StatusOK || got != "text/event-stream" {
		b.t.Fatalf("%s: got %s %q, want events", address, response.Status, got)
	}
	events, done := make(chan Event), make(chan struct{})
	b.t.Cleanup(func() {
		cancel()
		<-done
	})
	go func() {
		defer close(done)
		defer close(events)
		defer response.Body.Close()
		readEvents(ctx, response.Body, events)
	}()
	return events
}

// readEvents sends the events of a stream until it ends, or ctx does.
func readEvents(ctx context.Context, stream io.Reader, events chan<- Event) {
	var e Event
	for lines := bufio.NewScanner(stream); lines.Scan(); {
		name, value, _ := strings.Cut(lines.Text(), ": ")
		switch name {
		case "event":
			e.Name = value
		case "data":
			e.Data = value
		case "":
			if e == (Event{}) {
				continue // a comment
			}
			select {
			case events <- e:
			case <-ctx.Done():
				return
			}
			e = Event{}
		}
	}
}

// Next returns the next event. It fails the test after ten seconds without one.
func (b *Browser) Next(events <-chan Event) Event {
	b.t.Helper()
	select {
	case e, ok := <-events:
		if !ok {
			b.t.Fatal("the events have ended, want another one")
		}
		return e
	case <-time.After(10 * time.Second):
		b.t.Fatal("no event in ten seconds")
	}
	return Event{}
}
