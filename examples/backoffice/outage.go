package main

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"google.golang.org/grpc"

	"github.com/grpcaud/grpcaud/audience"
	hrv1 "github.com/grpcaud/grpcaud/proto/acme/hr/v1"
	"github.com/grpcaud/grpcaud/testutil"
)

// playOutage stops the issuer. Whoever has a token, or keys, goes on; whoever
// has none is told UNAVAILABLE, which is not a verdict about a token.
func (c *company) playOutage(ctx context.Context, p *printer) {
	warm, coldToken, coldKeys, err := c.openCold()
	if err != nil {
		p.row(row{Client: "-", note: "start of the cold parts", extra: err})
		return
	}
	c.stopIssuer()
	c.network.CloseIdleConnections()
	for _, a := range []attempt{warm, coldToken, coldKeys} {
		stream := a
		stream.method = listEmployees
		p.row(a.do(ctx))
		p.row(stream.do(ctx))
	}
	if err := c.startIssuer(c.issuerAddr); err != nil {
		p.row(row{Client: "-", note: "restart of the issuer", extra: err})
		return
	}
	for _, a := range []attempt{coldToken, coldKeys} {
		a.want, a.note = admitted, a.note+", recovered"
		var r row
		err := eventually(ctx, func(ctx context.Context) error {
			if r = a.do(ctx); !r.asWanted() {
				return fmt.Errorf("still %s", r.Code)
			}
			return nil
		})
		r.extra = err
		p.row(r)
	}
	p.row(c.rotateUnderLoad(ctx))
}

var notAvailable = refused(audience.ReasonIssuerUnavailable)

// openCold returns what is tried while the issuer is down: with a client and a
// server that have what they need, with a client that holds no token, and with a
// server that holds no keys.
func (c *company) openCold() (warm, coldToken, coldKeys attempt, err error) {
	warm = attempt{client: backofficePortal, method: getEmployee, server: c.people, note: "warm client, warm server", want: admitted}
	if warm.conn, err = c.dial(c.people, c.clients[backofficePortal].DialOptions(humanResource)...); err != nil {
		return warm, coldToken, coldKeys, err
	}
	client, err := c.newClient(backofficePortal)
	if err != nil {
		return warm, coldToken, coldKeys, err
	}
	c.closers = append(c.closers, func() { client.Close() })
	coldToken = warm
	coldToken.note, coldToken.want = "client without a token", notAvailable
	if coldToken.conn, err = c.dial(c.people, client.DialOptions(humanResource)...); err != nil {
		return warm, coldToken, coldKeys, err
	}
	coldKeys = warm
	coldKeys.note, coldKeys.want = "server without keys", notAvailable
	if coldKeys.server, err = c.openServer(humanResource, "127.0.0.1:0", func(s *grpc.Server) {
		hrv1.RegisterHumanResourceServer(s, newPeople())
	}); err != nil {
		return warm, coldToken, coldKeys, err
	}
	coldKeys.conn, err = c.dial(coldKeys.server, c.clients[backofficePortal].DialOptions(humanResource)...)
	return warm, coldToken, coldKeys, err
}

// rotateUnderLoad has the issuer change its signing key four times while
// callers come with tokens of the key of the moment. The slowest call is the
// one that waited for a new key.
func (c *company) rotateUnderLoad(ctx context.Context) row {
	ctx, stop := context.WithTimeout(ctx, 10*time.Second)
	defer stop()
	var group sync.WaitGroup
	var calls, failed atomic.Int64
	var slowest row
	var mu sync.Mutex // guards slowest
	done := make(chan struct{})
	for _, m := range []method{getEmployee, listEmployees} {
		group.Go(func() {
			for {
				select {
				case <-done:
					return
				default:
				}
				token := c.issuer.Mint(testutil.Claims{"sub": "alice", "aud": humanResource, "azp": backofficePortal, "typ": "Bearer"})
				r := attempt{client: backofficePortal, tokens: presenting(token), method: m, server: c.people, want: admitted}.do(ctx)
				r.Audience, r.Party = peek(token) // the tap hears both callers
				calls.Add(1)
				if !r.asWanted() {
					failed.Add(1)
				}
				mu.Lock()
				if r.took > slowest.took || !r.asWanted() {
					slowest = r
				}
				mu.Unlock()
			}
		})
	}
	for _, alg := range []string{"ES256", "EdDSA", "ES256", "RS256"} {
		time.Sleep(250 * time.Millisecond)
		c.issuer.Rotate(alg)
	}
	time.Sleep(250 * time.Millisecond)
	close(done)
	group.Wait()
	slowest.note = fmt.Sprintf("the slowest of %d calls during 4 rotations, %d of them refused", calls.Load(), failed.Load())
	if failed.Load() > 0 {
		slowest.extra = fmt.Errorf("%d calls were refused", failed.Load())
	}
	return slowest
}
