package tokensource

import (
	"context"
	"net/http"
	"sync"
	"sync/atomic"
	"time"
)

const (
	requestTimeout = 10 * time.Second
	parallel       = 16 // requests to one token endpoint at a time
)

// Source gives tokens of one issuer to one client. It is safe for concurrent use.
// Make one with [New] and close it with [Source.Close].
type Source struct {
	issuer   string
	auth     ClientAuth
	options  options
	client   *http.Client
	own      *http.Transport // nil if the caller brought one
	endpoint cell[endpoint]
	slots    chan struct{}
	pause    atomic.Pointer[outage] // the last Retry-After of the token endpoint
	entries  sync.Map               // of key to *entry

	ctx    context.Context // ends with Close
	cancel context.CancelFunc
	work   sync.WaitGroup

	mu    sync.Mutex // guards size and swept, and the start of work against Close
	size  int        // of entries
	swept time.Time
}

// New returns a source of tokens from issuer for the client that auth stands for.
// It does no network I/O. Issuer is an https URL, exactly as the issuer writes it
// (RFC 8414, section 2). New fails if it is not, if a part of auth is empty, or if
// an option has no sensible value.
func New(issuer string, auth ClientAuth, opts ...Option) (*Source, error) {
	o := options{bound: 10_000}
	for _, opt := range opts {
		opt.apply(&o)
	}
	if err := o.check(issuer, auth); err != nil {
		return nil, err
	}
	s := &Source{issuer: issuer, auth: auth, options: o, slots: make(chan struct{}, parallel)}
	if o.transport == nil {
		o.transport = http.DefaultTransport
		if t, ok := o.transport.(*http.Transport); ok {
			s.own = t.Clone() // so that Close can end its connections
			o.transport = s.own
		}
	}
	s.client = &http.Client{
		Transport: strict{o.transport},
		Timeout:   requestTimeout,
		CheckRedirect: func(*http.Request, []*http.Request) error {
			return http.ErrUseLastResponse
		},
	}
	s.ctx, s.cancel = context.WithCancel(context.Background())
	s.endpoint.init(s.spawn, s.discover)
	return s, nil
}

// Token returns the token that r asks for, from memory if it can: then it takes no
// lock and allocates nothing. Else it waits for the issuer, as long as ctx allows;
// the request goes on when ctx ends, for others and for the next call.
//
// The errors are [ErrUnavailable], [ErrRefused], [ErrMismatch], [ErrClosed] and
// that of ctx. A failure is remembered for 1 s, then longer each time, up to 120 s,
// or for the time of the issuer's Retry-After if that is longer, but at most 120 s.
func (s *Source) Token(ctx context.Context, r Request) (Token, error) {
	k, now := r.key(), time.Now()
	v, ok := s.entries.Load(k)
	if !ok {
		var err error
		if v, err = s.add(k, r, now); err != nil {
			return Token{}, err
		}
	}
	e := v.(*entry)
	e.touch(now)
	return e.get(ctx, now)
}

// Close ends all requests under way and waits for them; who waits for a token gets
// [ErrClosed], and so do later calls of Token. It always returns nil and may be
// called again.
func (s *Source) Close() error {
	s.mu.Lock()
	s.cancel()
	s.entries.Clear()
	s.mu.Unlock()
	s.work.Wait()
	if s.own != nil {
		s.own.CloseIdleConnections()
	}
	return nil
}

// spawn runs f in the background, for as long as s is open. Once s is closed, it
// runs f here, and the context of f has ended.
func (s *Source) spawn(f func(context.Context)) {
	s.mu.Lock()
	open := s.ctx.Err() == nil
	if open {
		s.work.Go(func() { f(s.ctx) })
	}
	s.mu.Unlock()
	if !open {
		f(s.ctx)
	}
}
