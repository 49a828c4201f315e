package signals_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"time"
)

const streamURL = corp + "/streams/1/poll"

// verdict is what a receiver reported of an event.
type verdict struct {
	Err, Description string
}

// asked is a poll that came.
type asked struct {
	Ack       []string
	SetErrs   map[string]verdict
	MaxEvents int
	header    http.Header
	ctx       context.Context
}

// stream is the issuer's end of a stream, over which everything else of the issuer is
// reached too.
type stream struct {
	issuer http.RoundTripper

	mu      sync.Mutex // guards what follows
	pending []string   // ids of events, the oldest first
	tokens  map[string]string
	asked   []asked
	busy    int // polls under way
	most    int
	errs    map[string]verdict
	answer  func(asked) *http.Response // instead of what is pending; nil answers what is
	wait    time.Duration              // before an answer without events
	deaf    bool                       // acknowledgements are ignored
	limit   int                        // events in an answer; 0 as many as were asked for
}

// add adds an event.
func (s *stream) add(id, token string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.tokens == nil {
		s.tokens = map[string]string{}
	}
	s.pending, s.tokens[id] = append(s.pending, id), token
}

// reply sets what is answered instead of what is pending.
func (s *stream) reply(answer func(asked) *http.Response) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.answer = answer
}

// polls returns the polls that came.
func (s *stream) polls() []asked {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.asked
}

// left returns how many events are pending.
func (s *stream) left() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.pending)
}

// RoundTrip implements [http.RoundTripper].
func (s *stream) RoundTrip(q *http.Request) (*http.Response, error) {
	if q.Method != http.MethodPost {
		return s.issuer.RoundTrip(q)
	}
	if q.URL.String() != streamURL {
		return nil, fmt.Errorf("a poll went to %s", q.URL)
	}
	poll := asked{header: q.Header, ctx: q.Context()}
	if err := json.NewDecoder(q.Body).Decode(&poll); err != nil {
		return nil, err
	}
	s.begin(poll)
	response, empty := s.respond(poll)
	if empty {
		select {
		case <-q.Context().Done():
			s.end()
			return nil, q.Context().Err()
		case <-time.After(s.wait):
		}
	}
	s.end()
	return response, nil
}

func (s *stream) begin(poll asked) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.asked = append(s.asked, poll)
	s.busy++
	s.most = max(s.most, s.busy)
	if s.deaf {
		return
	}
	told := map[string]bool{}
	for _, id := range poll.Ack {
		told[id] = true
	}
	for id, v := range poll.SetErrs {
		told[id] = true
		if s.errs == nil {
			s.errs = map[string]verdict{}
		}
		s.errs[id] = v
	}
	var left []string
	for _, id := range s.pending {
		if !told[id] {
			left = append(left, id)
		}
	}
	s.pending = left
}

func (s *stream) end() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.busy--
}

// respond returns the answer to a poll, and whether it has no events.
func (s *stream) respond(poll asked) (*http.Response, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.answer != nil {
		return s.answer(poll), false
	}
	most := poll.MaxEvents
	if s.limit > 0 {
		most = s.limit
	}
	var members []string
	for _, id := range s.pending[:min(len(s.pending), most)] {
		members = append(members, fmt.Sprintf("%q:", id)+`"`+s.tokens[id]+`"`)
	}
	return response(200, `{"moreAvailable":false,"sets":{`+strings.Join(members, ",")+`}}`), len(members) == 0
}

// response is an answer in JSON.
func response(status int, body string) *http.Response {
	return &http.Response{StatusCode: status, Header: http.Header{"Content-Type": {"application/json"}}, Body: io.NopCloser(strings.NewReader(body))}
}
