package main

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/grpcaud/grpcaud/audience"
	"github.com/grpcaud/grpcaud/examples/internal/company"
	"github.com/grpcaud/grpcaud/testutil"
)

// outage holds what is called while the authorization server is down.
type outage struct {
	ready        attempt // client and server have what they need
	withoutToken attempt // the client has no token yet
	withoutKeys  attempt // the server has no keys yet
}

// playOutage stops the authorization server. A client that has a token, and a server
// that has keys, go on; without them a call ends with UNAVAILABLE, which says nothing
// about a token.
func (d *demo) playOutage(ctx context.Context, to *recorder) {
	o, err := d.prepareOutage()
	if err != nil {
		to.row(row{Client: "-", point: "start", extra: err})
		return
	}
	d.Issuer.Stop()
	for _, a := range []attempt{o.ready, o.withoutToken, o.withoutKeys} {
		stream := a
		stream.method = listEmployees
		to.row(a.do(ctx))
		to.row(stream.do(ctx))
	}
	if err := d.Issuer.Start(); err != nil {
		to.row(row{Client: "-", point: "restart of the authorization server", extra: err})
		return
	}
	for _, a := range []attempt{o.withoutToken, o.withoutKeys} {
		a.want, a.note = admitted, a.note+", recovered"
		a.point, a.why = "both, after its return", "they recover by themselves"
		to.row(a.eventually(ctx))
	}
	to.row(d.rotateUnderLoad(ctx))
}

// prepareOutage makes the connections, and a server that has never been called.
func (d *demo) prepareOutage() (outage, error) {
	var o outage
	a := attempt{client: company.BackofficePortal, method: getEmployee, server: d.people}
	notAvailable := refused(audience.ReasonIssuerUnavailable)

	conn, err := d.AsItself(company.BackofficePortal, d.People)
	if err != nil {
		return o, err
	}
	o.ready = a
	o.ready.conn, o.ready.want, o.ready.note = conn, admitted, "warm client, warm server"
	o.ready.point, o.ready.why = "a client with a token", "neither side needs the authorization server"

	client, err := d.NewClient(company.BackofficePortal)
	if err != nil {
		return o, err
	}
	if conn, err = d.Keep(client.Dial(d.people.Addr, company.HumanResource, d.Creds())); err != nil {
		return o, err
	}
	o.withoutToken = a
	o.withoutToken.conn, o.withoutToken.want, o.withoutToken.note = conn, notAvailable, "client without a token"
	o.withoutToken.point, o.withoutToken.why = "a client without a token", "UNAVAILABLE, so that callers try again"

	o.withoutKeys = a
	another, err := d.Serve(company.HumanResource, "")
	if err != nil {
		return o, err
	}
	o.withoutKeys.server = d.tapped(another)
	if conn, err = d.AsItself(company.BackofficePortal, another); err != nil {
		return o, err
	}
	o.withoutKeys.conn, o.withoutKeys.want, o.withoutKeys.note = conn, notAvailable, "server without keys"
	o.withoutKeys.point, o.withoutKeys.why = "a server without keys", "it cannot tell yet whether a token is genuine"
	return o, nil
}

// eventually repeats the call until it ends as expected, for at most five seconds.
func (a attempt) eventually(ctx context.Context) row {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	for {
		r := a.do(ctx)
		if r.asExpected() {
			return r
		}
		select {
		case <-ctx.Done():
			r.extra = ctx.Err()
			return r
		case <-time.After(50 * time.Millisecond):
		}
	}
}

// load is what came of many calls.
type load struct {
	mu             sync.Mutex // guards the fields below
	calls, refused int
	slowest        row
}

func (l *load) add(r row) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.calls++
	if !r.asExpected() {
		l.refused++
	}
	if r.took > l.slowest.took || !r.asExpected() {
		l.slowest = r
	}
}

// rotateUnderLoad rotates the signing key four times while callers present tokens that
// were just signed. The slowest call is one that waited for a new key.
func (d *demo) rotateUnderLoad(ctx context.Context) row {
	ctx, stop := context.WithTimeout(ctx, 10*time.Second)
	defer stop()
	var group sync.WaitGroup
	var l load
	done := make(chan struct{})
	for _, m := range []method{getEmployee, listEmployees} {
		group.Go(func() { d.callUntil(ctx, done, m, &l) })
	}
	for _, alg := range []string{"ES256", "EdDSA", "ES256", "RS256"} {
		time.Sleep(250 * time.Millisecond)
		d.Issuer.Rotate(alg)
	}
	time.Sleep(250 * time.Millisecond)
	close(done)
	group.Wait()
	r := l.slowest
	r.note = fmt.Sprintf("the slowest of %d calls during 4 rotations, %d of them refused", l.calls, l.refused)
	r.point = "4 key rotations under load"
	r.why = fmt.Sprintf("%d calls, %d refused, the slowest %d ms", l.calls, l.refused, r.took.Milliseconds())
	if l.refused > 0 {
		r.extra = fmt.Errorf("%d calls were refused", l.refused)
	}
	return r
}

// callUntil calls a method, each time with a new token, until done is closed.
func (d *demo) callUntil(ctx context.Context, done chan struct{}, m method, l *load) {
	for {
		select {
		case <-done:
			return
		default:
		}
		token := d.Issuer.Mint(testutil.Claims{"sub": "alice", "aud": company.HumanResource, "azp": company.BackofficePortal, "typ": "Bearer"})
		r := attempt{client: company.BackofficePortal, tokens: holding(token), method: m, server: d.people, want: admitted}.do(ctx)
		r.Audience, r.Party = audienceOf(token) // the tap sees the calls of both methods
		l.add(r)
	}
}
