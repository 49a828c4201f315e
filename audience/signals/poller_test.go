package signals_test

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/grpcaud/grpcaud/audience/access"
	"github.com/grpcaud/grpcaud/audience/signals"
)

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

func (endless) Close() error { return nil }

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
