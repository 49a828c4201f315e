package tokensource

import (
	"context"
	"fmt"
	"io"
	"sync"
	"time"
)

// minter is where a source has its tokens from: the part that differs between the
// kinds of sources. It must be safe for concurrent use.
type minter interface {
	// check refuses a request that it can never serve; nothing is kept for it.
	check(r Request) error
	// mint asks for a token for r, which check has let pass. It runs at most once
	// at a time for one r, under a context of the source and not of a caller. An
	// error may be an *outage (try again then, all who use the lane), or a *held
	// (try again then, without a backoff on top).
	mint(ctx context.Context, r Request) (answer, error)
	// close lets go of what the minter holds; no mint is under way any more.
	close()
}

// Source hands out tokens from memory, and has them from one place: an
// authorization server ([New]), a file ([NewFile]), a metadata server
// ([NewMetadata]) or a function ([NewFunc]). It is a [Source], and safe for
// concurrent use. Close it with [Cache.Close].
type Cache struct {
	minter  minter
	options *options
	tell    *teller
	entries sync.Map // of key to *entry

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
func New(issuer string, auth ClientAuth, opts ...Option) (*Cache, error) {
	o := newOptions(opts)
	if err := o.check(issuer, auth); err != nil {
		return nil, err
	}
	s := newSource(o)
	return s.start(newServer(issuer, auth, o, s.spawn))
}

// start returns a source over m, which is no authorization server.
func start(m minter, opts []Option) (*Cache, error) {
	o, err := engineOptions(opts)
	if err != nil {
		return nil, err
	}
	return newSource(o).start(m)
}

// newSource returns a source that is to be started.
func newSource(o *options) *Cache {
	s := &Cache{options: o}
	s.ctx, s.cancel = context.WithCancel(context.Background())
	return s
}

func (s *Cache) start(m minter) (_ *Cache, err error) {
	s.minter = m
	s.tell = &teller{log: s.options.log, warned: map[string]bool{}}
	s.tell.metrics, err = newMetrics(s.options.meters, s)
	if err != nil {
		return nil, err
	}
	return s, nil
}

// Token returns the token that r asks for, from memory if it can: then it takes no
// lock and allocates nothing. Else it waits, as long as ctx allows, for where the
// token comes from; the request goes on when ctx ends, for others and for the next
// call.
//
// The errors are [ErrUnavailable], [ErrRefused], [ErrMismatch], [ErrClosed] and
// that of ctx. A failure is remembered for 1 s, then longer each time, up to 120 s,
// or for the time of the issuer's Retry-After if that is longer, but at most 120 s;
// that of a file, for 1 s.
func (s *Cache) Token(ctx context.Context, r Request) (Token, error) {
	now := time.Now()
	e, err := s.entryOf(&r, now)
	if err != nil {
		return Token{}, err
	}
	e.touch(now)
	return e.get(ctx, now)
}

// Close ends all requests under way and waits for them; who waits for a token gets
// [ErrClosed], and so do later calls of Token. It always returns nil and may be
// called again.
func (s *Cache) Close() error {
	s.mu.Lock()
	s.cancel()
	s.evictLocked(time.Now(), s.size)
	s.mu.Unlock()
	s.work.Wait()
	s.tell.metrics.close()
	s.minter.close()
	return nil
}

// Format implements [fmt.Formatter]: a source is printed without what is in it.
func (*Cache) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, "tokensource.Source") }

// spawn runs f in the background, for as long as s is open. Once s is closed, it
// runs f here, and the context of f has ended.
func (s *Cache) spawn(f func(context.Context)) {
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
