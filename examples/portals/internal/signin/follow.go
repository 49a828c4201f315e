package signin

import (
	"context"
	"net/http"
	"time"

	"github.com/grpcaud/grpcaud/examples/portals/internal/web"
)

// pingEvery is how often a page that is followed gets a comment, by which a lost connection is noticed.
const pingEvery = 15 * time.Second

// maxOpen is how many pages of a session are followed at a time.
const maxOpen = 32

// Feed sends a page its events until ctx ends, or send returns an error. A problem is the last
// event of the page. With a problem that may be over soon, or none, the browser asks again in a
// few seconds.
type Feed func(ctx context.Context, s *Session, send func(event string, data any) error) *web.Problem

// lastEvent tells an open page that nothing follows, and why.
type lastEvent struct {
	Title string `json:"title"`
	Text  string `json:"text"`
	Link  string `json:"link"` // where to go on; empty for nowhere
}

// Follow sends an open page the events of feed, and at last that the session has ended. A feed
// of nil sends nothing but that. Following a page does not prolong its session.
func (h *Handler) Follow(w http.ResponseWriter, r *http.Request, feed Feed) {
	s := h.Session(r)
	tooMany := s != nil && s.open.Add(1) > maxOpen
	if s != nil {
		defer s.open.Add(-1)
	}
	events := web.StartEvents(w)
	switch {
	case s == nil:
		_ = events.Send("end", lastEvent{problemEnded.Title, problemEnded.Text, again.To})
	case tooMany:
		_ = events.Send("end", lastEvent{"Too many pages are open", "Close some of them, and load this one again.", ""})
	default:
		s.send(r.Context(), events, feed)
	}
}

// send sends the events of feed until the page, the feed or the session ends.
func (s *Session) send(ctx context.Context, events *web.Events, feed Feed) {
	updates, over, stop := s.start(ctx, feed)
	defer stop() // the feed ends before the request
	ping := time.NewTicker(pingEvery)
	defer ping.Stop()
	for {
		var err error
		select {
		case u := <-updates:
			err = events.Send(u.event, u.data)
		case <-ping.C:
			err = events.Ping()
		case problem := <-over:
			switch {
			case s.ctx.Err() != nil: // for which the feed may have ended first
				s.sayEnd(events)
			case problem != nil && !problem.Retry:
				_ = events.Send("end", lastEvent{problem.Title, problem.Text, problem.Next.To})
			}
			return
		case <-s.ctx.Done():
			s.sayEnd(events)
			return
		case <-ctx.Done():
			return
		}
		if err != nil {
			return // the browser has gone
		}
	}
}

// sayEnd tells an open page why its session has ended.
func (s *Session) sayEnd(events *web.Events) {
	_ = events.Send("end", lastEvent{problemSignedOut.Title, context.Cause(s.ctx).Error(), again.To})
}

// update is one event of a feed.
type update struct {
	event string
	data  any
}

// start runs a feed. Stop ends it, and returns when it has ended.
func (s *Session) start(ctx context.Context, feed Feed) (updates <-chan update, over <-chan *web.Problem, stop func()) {
	ctx, cancel := context.WithCancel(ctx)
	out, end, done := make(chan update), make(chan *web.Problem, 1), make(chan struct{})
	go func() {
		defer close(done)
		end <- s.run(ctx, feed, out)
	}()
	return out, end, func() {
		cancel()
		<-done
	}
}

func (s *Session) run(ctx context.Context, feed Feed, updates chan<- update) *web.Problem {
	if feed == nil {
		<-ctx.Done()
		return nil
	}
	return feed(ctx, s, func(event string, data any) error {
		select {
		case updates <- update{event, data}:
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	})
}
