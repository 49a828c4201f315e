package signals_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/grpcaud/grpcaud/audience/access"
	"github.com/grpcaud/grpcaud/audience/signals"
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

// polled is an office that polls.
type polled struct {
	*office
	stream *stream
	poller *signals.Poller
}

// newPolled returns an office whose poller runs in the bubble of the test.
func newPolled(t *testing.T, opts ...signals.Option) *polled {
	t.Helper()
	p := &polled{stream: &stream{}}
	p.office = newOffice(t, company(t), append([]signals.Option{signals.Transport(p.stream)}, opts...)...)
	p.stream.issuer = p.issuer.Transport()
	var err error
	if p.poller, err = p.receiver.NewPoller(streamURL, func(context.Context) (string, error) { return "Bearer of the stream", nil }); err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- p.poller.Run(ctx) }()
	t.Cleanup(func() {
		stop()
		if err := <-done; !errors.Is(err, context.Canceled) {
			t.Errorf("Run = %v, want that it was cancelled", err)
		}
	})
	return p
}

// after lets some time pass.
func after(d time.Duration) {
	time.Sleep(d)
	synctest.Wait()
}

// TestPolledEventIsAcknowledged shows that an event revokes tokens, and is acknowledged with
// the next poll, at once.
func TestPolledEventIsAcknowledged(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPolled(t)
		after(10 * time.Second)
		if got := len(p.stream.polls()); got < 5 || got > 6 {
			t.Errorf("%d polls in 10 seconds without events, want one in 2 seconds", got)
		}
		p.stream.add("1", p.event(changed("jti", "1")))
		p.stream.add("2", p.event(statement(map[string]any{"jti": "2", "aud": "other"})))
		p.stream.add("3", p.event(statement(map[string]any{"jti": "3", "events": happened("urn:x")})))
		after(2200 * time.Millisecond)
		if got := p.store.entries(); len(got) != 1 || got[0].Subject != "alice" {
			t.Errorf("revoked %+v, want alice", got)
		}
		polls := p.stream.polls()
		last := polls[len(polls)-1]
		if diff := cmp.Diff([]string{"1", "3"}, last.Ack); diff != "" || last.SetErrs["2"].Err != "invalid_audience" || last.SetErrs["2"].Description == "" || last.MaxEvents < 1 {
			t.Errorf("told %+v\n%s", last, diff)
		}
		if got := last.header; got.Get("Authorization") != "Bearer of the stream" || got.Get("Content-Type") != "application/json" {
			t.Errorf("headers %v", got)
		}
		after(time.Minute)
		if p.stream.left() != 0 || p.stream.most != 1 {
			t.Errorf("%d events left, %d polls at once", p.stream.left(), p.stream.most)
		}
	})
}

// TestIssuerThatWaitsIsPolledAtOnce shows that there is no pause after an answer that took
// long.
func TestIssuerThatWaitsIsPolledAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPolled(t)
		p.stream.mu.Lock()
		p.stream.wait = 30 * time.Second
		p.stream.mu.Unlock()
		after(5 * time.Minute)
		if got := len(p.stream.polls()); got < 9 || got > 12 {
			t.Errorf("%d polls in 5 minutes of 30 seconds each", got)
		}
	})
}

// TestPolledEventIsNotAcknowledgedUnlessStored shows that it comes again until it is.
func TestPolledEventIsNotAcknowledgedUnlessStored(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPolled(t)
		p.store.fail(errors.New("away"))
		p.stream.add("1", p.event(changed("jti", "1")))
		after(10 * time.Minute)
		for _, poll := range p.stream.polls() {
			if len(poll.Ack) > 0 || len(poll.SetErrs) > 0 {
				t.Errorf("told %+v", poll)
			}
		}
		if got := len(p.stream.polls()); got > 25 {
			t.Errorf("%d polls in 10 minutes of failure", got)
		}
		p.store.fail(nil)
		after(2 * time.Minute)
		if p.stream.left() != 0 || len(p.store.entries()) != 1 || !strings.Contains(p.log.String(), "answered again") {
			t.Errorf("%d left, revoked %+v\n%s", p.stream.left(), p.store.entries(), &p.log)
		}
	})
}

// TestEventThatCannotBeTakenKeepsBackNoOther shows that events behind one whose user cannot
// be looked up are taken.
func TestEventThatCannotBeTakenKeepsBackNoOther(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPolled(t, signals.Emails(func(context.Context, string) (string, error) { return "", errors.New("away") }))
		p.stream.add("1", p.event(statement(map[string]any{"jti": "1", "sub_id": map[string]any{"format": "email", "email": "alice@example.com"}})))
		p.stream.add("2", p.event(changed("jti", "2")))
		after(time.Minute)
		if got := p.store.entries(); len(got) != 1 || p.stream.left() != 1 {
			t.Errorf("revoked %+v, %d left, want the second revoked and the first left", got, p.stream.left())
		}
	})
}

// TestPollerThatWasAwayActsOnOldEvents shows that events of hours ago revoke the tokens that
// were issued before them.
func TestPollerThatWasAwayActsOnOldEvents(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPolled(t)
		p.stream.reply(func(asked) *http.Response { return response(503, "") })
		then := issued(t, map[string]any{"exp": in(20 * time.Hour)})
		p.stream.add("1", p.event(changed("jti", "1")))
		after(10 * time.Hour)
		p.stream.reply(nil)
		after(2 * time.Minute)
		if p.store.list.Revoked(t.Context(), then) == nil {
			t.Error("a token from before the event is accepted")
		}
		if err := p.store.list.Revoked(t.Context(), issued(t, nil)); err != nil {
			t.Errorf("a token from after the event: %v", err)
		}
	})
}

// TestTenThousandEvents shows that an answer with more events than were asked for is taken in
// parts.
func TestTenThousandEvents(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPolled(t)
		p.stream.mu.Lock()
		p.stream.limit = 10_000
		p.stream.mu.Unlock()
		for n := range 10_000 {
			id, token := fmt.Sprint(n), "x"
			if n%20 == 0 { // a genuine one, which takes longer
				token = p.event(statement(map[string]any{"jti": id, "sub_id": map[string]any{"format": "opaque", "id": id}}))
			}
			p.stream.add(id, token)
		}
		after(5 * time.Minute)
		if p.stream.left() != 0 || p.store.list.Len() != 500 || len(p.stream.errs) != 9_500 {
			t.Errorf("%d left, %d in the list, %d refused", p.stream.left(), p.store.list.Len(), len(p.stream.errs))
		}
		for _, poll := range p.stream.polls() {
			if got := len(poll.Ack) + len(poll.SetErrs); got > poll.MaxEvents {
				t.Errorf("%d told at once, asked for %d", got, poll.MaxEvents)
			}
		}
	})
}

// TestLargeEventsAreRefusedOneByOne shows that events of 1 MB, and one that is larger than an
// answer may be, keep back none of those after them.
func TestLargeEventsAreRefusedOneByOne(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPolled(t)
		p.stream.add("huge", strings.Repeat("x", 17<<20))
		for n := range 20 {
			p.stream.add(fmt.Sprint("large", n), strings.Repeat("x", 1<<20))
		}
		p.stream.add("1", p.event(changed("jti", "1")))
		after(5 * time.Minute)
		if p.stream.left() != 0 || len(p.stream.errs) != 21 || len(p.store.entries()) != 1 {
			t.Errorf("%d left, %d refused, revoked %+v\n%s", p.stream.left(), len(p.stream.errs), p.store.entries(), &p.log)
		}
	})
}

// TestIssuerThatIgnoresAcknowledgements shows that events which come again and again cause no
// more polls than none.
func TestIssuerThatIgnoresAcknowledgements(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPolled(t)
		p.stream.mu.Lock()
		p.stream.deaf = true
		p.stream.mu.Unlock()
		p.stream.add("1", p.event(changed("jti", "1")))
		p.stream.add("2", p.event(statement(map[string]any{"jti": "2", "aud": "other"})))
		after(time.Minute)
		if got := len(p.stream.polls()); got > 35 || len(p.store.entries()) != 1 {
			t.Errorf("%d polls in a minute, revoked %+v", got, p.store.entries())
		}
	})
}

// endless is a body that never ends, and says nothing more.
type endless struct {
	io.Reader
	ctx context.Context
}

func (e endless) Read(b []byte) (int, error) {
	if n, err := e.Reader.Read(b); n > 0 || err != io.EOF {
		return n, err
	}
	<-e.ctx.Done()
	return 0, e.ctx.Err()
}

func (endless) Close() error { return nil }

// TestBadAnswersToPolls shows that nothing follows from an answer that is none, that polls
// are not repeated at once, and that the stream goes on afterwards.
func TestBadAnswersToPolls(t *testing.T) {
	type answers = func(ctx context.Context, good string) *http.Response
	with := func(status int, header, body string) answers {
		return func(context.Context, string) *http.Response {
			r := response(status, body)
			if name, value, ok := strings.Cut(header, ": "); ok {
				r.Header.Set(name, value)
			}
			return r
		}
	}
	for name, answer := range map[string]answers{
		"a redirect":              with(307, "Location: https://evil.example.com/poll", ""),
		"unauthorized":            with(401, "", `{"sets":{}}`),
		"no content":              with(204, "", ""),
		"accepted":                with(202, "", `{"sets":{}}`),
		"HTML":                    with(200, "Content-Type: text/html", `{"sets":{}}`),
		"no JSON":                 with(200, "", "x"),
		"a list":                  with(200, "", `[]`),
		"sets in a list":          with(200, "", `{"sets":["x"]}`),
		"sets that are null":      with(200, "", `{"sets":null}`),
		"an answer cut short":     with(200, "", `{"sets":{"1":"x`),
		"too many requests":       with(429, "Retry-After: 120", ""),
		"17 MB of something else": with(200, "", `{"x":"`+strings.Repeat("x", 17<<20)+`"}`),
		"an answer that never ends": func(ctx context.Context, _ string) *http.Response {
			r := response(200, "")
			r.Body = endless{strings.NewReader(`{"sets":{`), ctx}
			return r
		},
		"the sets twice": func(_ context.Context, good string) *http.Response {
			return response(200, `{"sets":{},"sets":{"1":"`+good+`"}}`)
		},
		"sets in capitals, null": with(200, "", `{"SETS":{"1":"x"},"sets":0}`),
	} {
		synctest.Test(t, func(t *testing.T) {
			p := newPolled(t)
			good := p.event(changed("jti", "1"))
			p.stream.reply(func(poll asked) *http.Response { return answer(poll.ctx, good) })
			after(4 * time.Minute)
			if got := len(p.stream.polls()); got > 20 || !strings.Contains(p.log.String(), "polls for security events fail") {
				t.Errorf("%s: %d polls in 4 minutes, log %.2000s", name, got, &p.log)
			}
			if got := p.store.entries(); len(got) > 0 {
				t.Errorf("%s: revoked %+v", name, got)
			}
			p.stream.reply(nil)
			p.stream.add("2", p.event(changed("jti", "2")))
			after(3 * time.Minute)
			if len(p.store.entries()) != 1 || p.stream.left() != 0 {
				t.Errorf("%s, then a good one: revoked %+v, %d left\n%.2000s", name, p.store.entries(), p.stream.left(), &p.log)
			}
			if strings.Contains(p.log.String(), "of the stream") {
				t.Errorf("%s: the log has the access token", name)
			}
		})
	}
}

// TestBadEventsInAnswers shows that each is refused by itself, and told to the issuer.
func TestBadEventsInAnswers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPolled(t)
		good, other := p.event(changed("jti", "1")), p.event(changed("jti", "2"))
		first := true
		p.stream.reply(func(asked) *http.Response {
			if !first {
				return response(200, `{"sets":{}}`)
			}
			first = false
			return response(200, `{"sets":{"x":"`+good+`","":"`+other+`","y":1,"z":null,"v":{"1":"`+good+`"},"1":"`+good+`","1":"`+good+`"}}`)
		})
		after(5 * time.Second)
		var told []asked
		for _, poll := range p.stream.polls() {
			if len(poll.Ack) > 0 || len(poll.SetErrs) > 0 {
				told = append(told, poll)
			}
		}
		if len(told) != 1 || cmp.Diff([]string{"1", "1"}, told[0].Ack) != "" || len(told[0].SetErrs) != 5 || len(p.store.entries()) != 1 {
			t.Errorf("told %+v, revoked %+v\n%s", told, p.store.entries(), &p.log)
		}
	})
}

// TestAcknowledgementsThatAreRefused shows that the stream goes on if the issuer refuses what
// it was told.
func TestAcknowledgementsThatAreRefused(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPolled(t)
		p.stream.reply(func(poll asked) *http.Response {
			if len(poll.Ack) > 0 {
				return response(400, `{"err":"invalid_request"}`)
			}
			return response(200, `{"sets":{"1":"`+p.event(changed("jti", "1"))+`"}}`)
		})
		after(10 * time.Second)
		p.stream.reply(nil)
		p.stream.add("2", p.event(changed("jti", "2")))
		after(2 * time.Minute)
		if p.stream.left() != 0 {
			t.Errorf("%d left\n%s", p.stream.left(), &p.log)
		}
	})
}

// TestPollerRunsOnce shows that there is never more than one request.
func TestPollerRunsOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPolled(t)
		synctest.Wait()
		if err := p.poller.Run(t.Context()); err == nil || !strings.Contains(err.Error(), "runs already") {
			t.Errorf("a second Run = %v", err)
		}
	})
}

// TestPollsWithoutAuthorizationAreNotSent shows that no poll is sent without it.
func TestPollsWithoutAuthorizationAreNotSent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &stream{}
		o := newOffice(t, company(t), signals.Transport(s))
		poller, err := o.receiver.NewPoller(streamURL, func(context.Context) (string, error) { return "", errors.New("no token") })
		if err != nil {
			t.Fatal(err)
		}
		ctx, stop := context.WithTimeout(t.Context(), time.Minute)
		defer stop()
		if err := poller.Run(ctx); !errors.Is(err, context.DeadlineExceeded) || len(s.polls()) > 0 || !strings.Contains(o.log.String(), "no token") {
			t.Errorf("Run = %v, %d polls, log %s", err, len(s.polls()), &o.log)
		}
	})
}

// TestPollerAddress shows to which addresses an access token for the stream is not sent.
func TestPollerAddress(t *testing.T) {
	authorization := func(context.Context) (string, error) { return "Bearer x", nil }
	o := newOffice(t, company(t))
	for want, address := range map[string]string{
		"not an absolute URL":   "",
		"is not https":          "http://idp.example.com/poll",
		"nor user":              "https://user:password@idp.example.com/poll",
		"neither query":         "https://idp.example.com/poll?x=1",
		"PollHost":              "https://signals.example.com/poll",
		`"idp.example.com:444"`: "https://idp.example.com:444/poll",
		"evil.example.com":      "https://evil.example.com/idp.example.com/poll",
	} {
		if _, err := o.receiver.NewPoller(address, authorization); err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "password") {
			t.Errorf("NewPoller(%q) = %v, want %s", address, err, want)
		}
	}
	if _, err := o.receiver.NewPoller(streamURL, nil); err == nil {
		t.Error("a poller without authorization was made")
	}
	elsewhere := newOffice(t, company(t), signals.PollHost("signals.example.com"))
	if _, err := elsewhere.receiver.NewPoller("https://signals.example.com/poll", authorization); err != nil {
		t.Error(err)
	}
	if _, err := elsewhere.receiver.NewPoller(streamURL, authorization); err == nil {
		t.Error("with another host named, the issuer's own was accepted")
	}
	loopback := newOfficeAt(t, "http://127.0.0.1:8080/realms/corp", func(i *access.Issuer) { i.InsecureLoopback = true })
	if _, err := loopback.NewPoller("http://127.0.0.1:8080/realms/corp/poll", authorization); err != nil {
		t.Error(err)
	}
}

// newOfficeAt returns a receiver for the issuer at another address.
func newOfficeAt(t testing.TB, url string, change func(*access.Issuer)) *signals.Receiver {
	t.Helper()
	r, err := signals.NewReceiver(company(t, func(i *access.Issuer) { i.URL = url; change(i) }), "corp", aud, signals.RevokeWith((&store{}).revoke))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { r.Close() })
	return r
}

// FuzzAnswer shows that no more is read of an answer than there is, and that every event of a
// good answer is.
func FuzzAnswer(f *testing.F) {
	f.Add([]byte(`{"sets":{"1":"a.b.c","2":"d"},"moreAvailable":true}`))
	f.Add([]byte(`{"x":[{}],"sets":{"1":1}}`))
	f.Add([]byte(`{"sets":{"1":"a`))
	f.Fuzz(func(t *testing.T, body []byte) {
		got, err := signals.ReadAnswer(bytes.NewReader(body))
		var want struct{ Sets map[string]any }
		if err == nil && json.Unmarshal(body, &want) == nil && len(got) < len(want.Sets) && bytes.Contains(body, []byte(`"sets"`)) && !bytes.ContainsAny(body, `\`) && len(got) < 200 && !bytes.Contains(bytes.ToLower(bytes.ReplaceAll(body, []byte(`"sets"`), nil)), []byte("sets")) {
			t.Errorf("%q: %v, want %v", body, got, want.Sets)
		}
		for _, id := range got {
			if !bytes.Contains(body, []byte(id)) && !bytes.ContainsAny(body, `\`) && json.Valid(body) && !strings.Contains(id, "\ufffd") {
				t.Errorf("%q: id %q", body, id)
			}
		}
	})
}
