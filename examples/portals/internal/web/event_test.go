package web_test

import (
	"context"
	"net"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/grpcaud/grpcaud/examples/portals/internal/web"
	"github.com/grpcaud/grpcaud/examples/portals/internal/webtest"
)

// TestEventsCannotBeForged shows that no text in an event begins another one.
func TestEventsCannotBeForged(t *testing.T) {
	t.Parallel()
	at, _ := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		events := web.StartEvents(w)
		_ = events.Ping()
		_ = events.Send("order", map[string]string{"status": "x\n\nevent: end\ndata: {}\n\n"})
		_ = events.Send("last", nil)
	})
	b := webtest.NewBrowser(t)
	events := b.Events(at)
	if got, want := b.Next(events), (webtest.Event{Name: "order", Data: `{"status":"x\n\nevent: end\ndata: {}\n\n"}`}); got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
	if got := b.Next(events); got.Name != "last" {
		t.Errorf("got %+v, want the last event", got)
	}
}

// TestServeEndsOpenPages shows that pages that are followed do not keep the program from ending.
func TestServeEndsOpenPages(t *testing.T) {
	t.Parallel()
	at, stop := serve(t, func(w http.ResponseWriter, r *http.Request) {
		_ = web.StartEvents(w).Send("open", nil)
		<-r.Context().Done()
	})
	b := webtest.NewBrowser(t)
	events := b.Events(at)
	b.Next(events)
	began := time.Now()
	if err := stop(); err != nil {
		t.Errorf("Serve = %v", err)
	}
	if took := time.Since(began); took > 2*time.Second {
		t.Errorf("the end took %v", took)
	}
	if e, open := <-events; open {
		t.Errorf("got event %+v after the end", e)
	}
}

// serve serves one page until the test ends, or stop is called.
func serve(t *testing.T, page http.HandlerFunc) (at string, stop func() error) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() {
		ended <- web.Serve(ctx, l, page)
		close(ended)
	}()
	stop = func() error {
		cancel()
		return <-ended
	}
	t.Cleanup(func() { _ = stop() })
	return "http://" + l.Addr().String(), stop
}

// TestPageIsFollowedAtOnce shows that a browser hears that its page is followed before there is
// an event, and that events go on after the time for reading a request.
func TestPageIsFollowedAtOnce(t *testing.T) {
	t.Parallel()
	connected := make(chan struct{})
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		events := web.StartEvents(w)
		select {
		case <-connected:
		case <-r.Context().Done():
			return
		}
		select {
		case <-time.After(200 * time.Millisecond): // more than the time to read a request
			_ = events.Send("late", nil)
		case <-r.Context().Done():
		}
	}))
	s.Config.ReadTimeout = 50 * time.Millisecond
	s.Start()
	t.Cleanup(s.Close)
	b := webtest.NewBrowser(t)
	events := b.Events(s.URL)
	close(connected)
	if got := b.Next(events); got.Name != "late" {
		t.Errorf("got %+v, want the late event", got)
	}
}
