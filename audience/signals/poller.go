package signals

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"mime"
	"net/http"
	"net/url"
	"sync/atomic"
	"time"

	"github.com/grpcaud/grpcaud/internal/backoff"
	"github.com/grpcaud/grpcaud/internal/webclient"
)

const (
	batch       = 200              // events that are taken from one answer
	pollTimeout = 90 * time.Second // of one poll, from its start to the end of the answer
	longestWait = 5 * time.Minute  // that an issuer can ask for
	leastPause  = 100 * time.Millisecond
)

// backoffPolicy is for polls that fail.
var backoffPolicy = backoff.Policy{First: time.Second, Max: time.Minute, Jitter: 0.2}

// Poller polls for events (RFC 8936), with one request at a time. Make one with
// [Receiver.NewPoller].
type Poller struct {
	receiver      *Receiver
	endpoint      string
	authorization func(context.Context) (string, error)
	client        *http.Client
	own           bool // the transport belongs to the poller
	running       atomic.Bool
}

// NewPoller returns a poller of a stream, whose endpoint_url is at the issuer's own host
// unless [PollHost] names another. authorization returns the value of the Authorization
// header, such as "Bearer " and an access token, and is asked before each poll.
func (r *Receiver) NewPoller(endpoint string, authorization func(ctx context.Context) (string, error)) (*Poller, error) {
	if err := r.checkEndpoint(endpoint); err != nil {
		return nil, fmt.Errorf("signals: the address of the stream: %w", err)
	}
	if authorization == nil {
		return nil, errors.New("signals: nothing authorizes the polls: want what returns their Authorization header")
	}
	p := &Poller{receiver: r, endpoint: endpoint, authorization: authorization}
	transport := r.options.transport
	if p.own = transport == nil; p.own {
		transport = webclient.NewTransport()
	}
	if base, ok := transport.(*http.Transport); ok && r.issuer.CAFile != "" {
		transport = webclient.TrustFile(r.issuer.CAFile, base, nil)
	}
	p.client = webclient.New(transport, pollTimeout)
	return p, nil
}

// checkEndpoint refuses an address to which no access token of this issuer may go.
func (r *Receiver) checkEndpoint(endpoint string) error {
	if err := r.issuer.CheckAddress(endpoint); err != nil {
		return err
	}
	at, err := url.Parse(endpoint)
	if err != nil {
		return err
	}
	host := r.options.host
	if own, err := url.Parse(r.issuer.URL); host == "" && err == nil {
		host = own.Host
	}
	if at.Host != host {
		return fmt.Errorf("host %q is not %q: the access token would go there; if the stream is at another host than the issuer, name it with PollHost", at.Host, host)
	}
	return nil
}

// Run polls until ctx ends, and returns its error. Polls that fail are repeated after a
// pause of 1 second to 1 minute. At most one Run may be under way. Of several replicas one
// should poll: an event that was given to two is stored twice, which does no harm, but the
// issuer is asked twice.
//
//	err = list.Lead(ctx, "signals", poller.Run) // of package shared
func (p *Poller) Run(ctx context.Context) error {
	if !p.running.CompareAndSwap(false, true) {
		return errors.New("signals: the poller runs already")
	}
	defer p.running.Store(false)
	p.receiver.metrics.answered()
	defer p.receiver.metrics.stopped()
	if p.own {
		defer p.client.CloseIdleConnections()
	}
	var told verdicts
	for failures := 0; ctx.Err() == nil; {
		began := time.Now()
		news, err := p.poll(ctx, &told)
		pause := p.receiver.options.interval - time.Since(began)
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case err != nil:
			pause = max(backoffPolicy.Pause(failures), time.Until(err.after))
			p.lost(ctx, failures, err, pause)
			failures++
		default:
			p.back(ctx, failures)
			failures = 0
		}
		if err == nil && news {
			pause = leastPause
		}
		select {
		case <-ctx.Done():
		case <-time.After(pause):
		}
	}
	return ctx.Err()
}

// lost logs that polls begin to fail.
func (p *Poller) lost(ctx context.Context, failures int, err error, pause time.Duration) {
	if failures == 0 {
		p.receiver.options.log.LogAttrs(ctx, slog.LevelError, "polls for security events fail",
			slog.String("issuer", p.receiver.issuer.URL), slog.Any("error", err), slog.Duration("again_in", pause))
	}
}

// back logs that polls are answered again.
func (p *Poller) back(ctx context.Context, failures int) {
	if failures > 0 {
		p.receiver.options.log.LogAttrs(ctx, slog.LevelInfo, "polls for security events are answered again", slog.String("issuer", p.receiver.issuer.URL))
	}
}

// verdicts are what the issuer is told with the next poll.
type verdicts struct {
	Ack    []string            `json:"ack,omitempty"`
	Errors map[string]*refusal `json:"setErrs,omitempty"`
}

// request is a poll (RFC 8936, section 2.2). The issuer may wait with its answer until
// there is an event.
type request struct {
	verdicts
	MaxEvents         int  `json:"maxEvents"`
	ReturnImmediately bool `json:"returnImmediately"`
}

// failure is why a poll failed.
type failure struct {
	error
	after time.Time // no further poll before
}

// poll sends one poll, with what became of the events before, and takes the events of its
// answer. It reports whether it brought news: then there may be more at once.
func (p *Poller) poll(ctx context.Context, told *verdicts) (news bool, failed *failure) {
	response, err := p.send(ctx, *told)
	if err != nil {
		return false, &failure{error: err}
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		if response.StatusCode == http.StatusBadRequest {
			*told = verdicts{} // if it was refused for these, the events come again
		}
		after := backoff.RetryAfter(response.Header, time.Now(), longestWait)
		return false, &failure{fmt.Errorf("status %d of %s", response.StatusCode, p.endpoint), after}
	}
	if got, _, err := mime.ParseMediaType(response.Header.Get("Content-Type")); err != nil || got != "application/json" {
		return false, &failure{error: fmt.Errorf("content type of %s is not application/json", p.endpoint)}
	}
	*told = verdicts{}
	p.receiver.metrics.answered()
	events, broken := readAnswer(response.Body)
	response.Body.Close()
	news, err = p.take(ctx, events, told)
	if err == nil && broken != nil {
		err = fmt.Errorf("the answer of %s: %w", p.endpoint, broken)
	}
	if err != nil {
		return news, &failure{error: err}
	}
	return news, nil
}

// send sends one poll.
func (p *Poller) send(ctx context.Context, told verdicts) (*http.Response, error) {
	header, err := p.authorization(ctx)
	if err != nil {
		return nil, fmt.Errorf("no authorization: %w", err)
	}
	body, err := json.Marshal(request{told, batch, false})
	if err != nil {
		return nil, err
	}
	q, err := http.NewRequestWithContext(ctx, http.MethodPost, p.endpoint, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	q.Header.Set("Content-Type", "application/json")
	q.Header.Set("Accept", "application/json")
	q.Header.Set("Authorization", header)
	return p.client.Do(q)
}

// take takes events in their order, and reports whether one of them brought news. Those
// that cannot be taken now come again. If one could not be stored, those after it are left
// too.
func (p *Poller) take(ctx context.Context, events []delivered, told *verdicts) (news bool, later error) {
	for _, e := range events {
		ctx, cancel := context.WithTimeout(ctx, patience)
		became, err := p.receiver.receive(ctx, e.token, &e.id)
		cancel()
		switch became {
		case deferred:
			if later = err; errors.Is(err, errNotStored) {
				return news, later
			}
		case refused:
			if told.Errors == nil {
				told.Errors = map[string]*refusal{}
			}
			told.Errors[e.id] = refusalOf(err)
		default:
			told.Ack = append(told.Ack, e.id)
			news = news || became != repeated
		}
	}
	return news, later
}
