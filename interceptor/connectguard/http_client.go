package connectguard

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync/atomic"

	"connectrpc.com/connect"
)

// HTTPClient returns a copy of an HTTP client for Connect clients with a
// [ClientInterceptor]: it sends their tokens, and nothing else does. A request goes with
// its token only to the address that the interceptor was given, with its scheme and its path,
// so that a Connect client that was made for http://… by mistake sends none, and over plain
// http to no proxy ([http.Transport.Proxy]), which would read it. Redirects are not
// followed: Connect has none, and a call that is answered with one fails. Nil means
// [http.DefaultClient]; calls without such an interceptor are sent as they are.
func HTTPClient(client *http.Client) *http.Client {
	presenting := *cmp.Or(client, http.DefaultClient)
	presenting.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	presenting.Transport = transport{presenting.Transport}
	return &presenting
}

// outgoing is an attempt of a call, which [HTTPClient] finds in its context.
type outgoing struct {
	scheme, authority string
	path              string            // before the name of the method; empty for none
	method            string            // full name
	header            map[string]string // for this request alone
	sent              atomic.Bool
}

type outgoingKey struct{}

func (o *outgoing) in(ctx context.Context) context.Context {
	return context.WithValue(ctx, outgoingKey{}, o)
}

// lost reports whether the server refused a call that came without its token.
func (o *outgoing) lost(err error) bool {
	return connect.IsWireError(err) && o.header["authorization"] != "" && !o.sent.Load()
}

// transport gives requests the header of their attempt.
type transport struct{ base http.RoundTripper }

// RoundTrip implements [http.RoundTripper].
func (t transport) RoundTrip(r *http.Request) (*http.Response, error) {
	base := cmp.Or(t.base, http.DefaultTransport)
	o, _ := r.Context().Value(outgoingKey{}).(*outgoing)
	if o == nil {
		return base.RoundTrip(r)
	}
	if err := cmp.Or(o.check(r), checkProxy(base, r)); err != nil {
		if r.Body != nil {
			r.Body.Close()
		}
		return nil, connect.NewError(connect.CodeInternal, fmt.Errorf("connectguard: %w", err))
	}
	r = r.Clone(r.Context())
	for name, value := range o.header {
		r.Header.Set(name, value)
	}
	return base.RoundTrip(r)
}

// CloseIdleConnections is for [http.Client.CloseIdleConnections].
func (t transport) CloseIdleConnections() {
	(&http.Client{Transport: t.base}).CloseIdleConnections()
}

// check returns why a request must not have the header of o.
func (o *outgoing) check(r *http.Request) error {
	to, wanted := r.URL.Scheme+"://"+r.URL.Host, o.scheme+"://"+o.authority
	switch {
	case to != wanted:
		return fmt.Errorf("the call goes to %q, and its tokens to %q: give both the same address", to, wanted)
	case r.Host != "" && r.Host != strings.TrimSuffix(o.authority, ":"):
		return fmt.Errorf("the call names the host %q, and its tokens are for %q: remove its header host", r.Host, o.authority)
	case r.URL.EscapedPath() != o.path+o.method:
		return fmt.Errorf("the request is for %q, and the token was requested for %q: give both the same address", r.URL.EscapedPath(), o.path+o.method)
	case len(r.Header["Authorization"]) > 0:
		return errHasAuthorization
	case o.sent.Swap(true):
		return errors.New("the request was sent already: a redirect is not followed")
	}
	return nil
}

// checkProxy returns why a request must not have a token: over plain http a proxy would read it.
func checkProxy(base http.RoundTripper, r *http.Request) error {
	t, known := base.(*http.Transport)
	if !known || t.Proxy == nil || r.URL.Scheme != "http" {
		return nil
	}
	proxy, err := t.Proxy(r)
	if err == nil && proxy != nil {
		err = fmt.Errorf("the call would go over plain http to the proxy %q, which could read its token: name the service's host in NO_PROXY, or call it over https", proxy.Host)
	}
	return err
}

var errHasAuthorization = errors.New("the call has an authorization value already; remove it, or leave this interceptor out")
