package signals_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/grpcaud/grpcaud/audience/signals"
)

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
