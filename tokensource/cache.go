package tokensource

import (
	"context"
	"fmt"
	"io"
	"sync"
	"time"
)

// fetcher gets tokens from one place: it is what differs between the kinds of
// caches. It must be safe for concurrent use.
type fetcher interface {
	// check refuses a request that can never be served; nothing is cached for it.
	check(r Request) error
	// fetch gets a token for r, which check has accepted. For one r it runs at most
	// once at a time, under a context of the cache and not of a caller. Its error
	// may be an *unavailableError (all requests to that endpoint pause until then)
	// or a *retryAtError (this request pauses until then, without back-off).
	fetch(ctx context.Context, r Request) (fetchedToken, error)
	// close releases what the fetcher holds. No fetch is running any more.
	close()
}

// Cache returns tokens from memory and gets them from one place: an authorization
// server ([New]), a file ([NewFile]), a metadata server ([NewMetadataServer]), a
// function ([NewFunc]), a token source of x/oauth2 ([FromOAuth2]) or two
// authorization servers in a row ([Chain]). It is a [Source], and safe for
// concurrent use. Close it with [Cache.Close].
type Cache struct {
	fetcher    fetcher
	options    *options
	observer   *observer
	background *background
	entries    sync.Map // of key or ownKey to *entry

	mu    sync.Mutex // guards size and swept
	size  int        // number of entries
	swept time.Time  // when idle entries were last removed
}

// newCache returns a cache of what f fetches. The fetcher closes with the cache, or
// at once if there is an error.
func newCache(f fetcher, o *options, b *background) (*Cache, error) {
	c := &Cache{fetcher: f, options: o, background: b}
	c.observer = &observer{log: o.log, warned: map[string]bool{}}
	var err error
	if c.observer.metrics, err = newMetrics(o.meters, c); err != nil {
		b.stop()
		f.close()
		return nil, err
	}
	return c, nil
}

// Token returns the token for r. If the token is in memory, that takes no lock and
// no allocation. Otherwise Token waits for the fetch as long as ctx allows; the fetch
// goes on after ctx has ended, for other callers and for the next call.
//
// The errors are [ErrUnavailable], [ErrRefused], [ErrMismatch], [ErrClosed] and the
// error of ctx. A failure is remembered for 1 s, then longer each time, up to 120 s;
// or until the time of the issuer's Retry-After if that is later, at most 120 s. A
// failure to read a file is remembered for 1 s.
func (c *Cache) Token(ctx context.Context, r Request) (Token, error) {
	now := time.Now()
	e, err := c.entryOf(&r, now)
	if err != nil {
		return Token{}, err
	}
	e.markUsed(now)
	return e.get(ctx, now)
}

// Close cancels all fetches and waits for their end. Callers that wait for a token
// get [ErrClosed], and so do later calls of Token. Close always returns nil and may
// be called again.
func (c *Cache) Close() error {
	c.background.stop()
	c.mu.Lock()
	c.evictLocked(time.Now(), c.size)
	c.mu.Unlock()
	c.background.wait()
	c.observer.metrics.close()
	c.fetcher.close()
	return nil
}

// Format implements [fmt.Formatter]: a cache is printed without its content.
func (*Cache) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, "tokensource.Cache") }
