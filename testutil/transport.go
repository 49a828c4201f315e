package testutil

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"syscall"
)

// Transport returns a transport to i and to others that does not leave the process: the
// issuer with the scheme, host and path of a request responds to it. Any other host is
// an error that says "no such host"; an issuer that is down refuses the connection
// ([syscall.ECONNREFUSED]). A request ends with its context, and so does its handler.
// The caller closes the bodies.
//
// It is safe for concurrent use, works inside a [testing/synctest] bubble and follows no
// redirects.
func (i *Issuer) Transport(others ...*Issuer) http.RoundTripper {
	return transport(append([]*Issuer{i}, others...))
}

type transport []*Issuer

func (t transport) RoundTrip(r *http.Request) (*http.Response, error) {
	h, err := t.handler(r)
	if err != nil {
		if r.Body != nil {
			r.Body.Close()
		}
		return nil, err
	}
	w := newWire(r)
	go w.serve(h)
	select {
	case <-w.ready:
		if w.response == nil {
			return nil, fmt.Errorf("testutil: %s closed the connection: %w", r.URL.Host, io.EOF)
		}
		return w.response, nil
	case <-r.Context().Done():
		return nil, r.Context().Err()
	}
}

// handler returns the handler of r. If several issuers share a host, the path selects
// the issuer.
func (t transport) handler(r *http.Request) (http.Handler, error) {
	var at *Issuer
	for _, i := range t {
		if i.origin != r.URL.Scheme+"://"+r.URL.Host {
			continue
		}
		if _, ours := i.endpoint(r.URL.Path); ours || at == nil {
			at = i
		}
	}
	if at == nil {
		dns := &net.DNSError{Err: "testutil: no such host", Name: r.URL.Scheme + "://" + r.URL.Host, IsNotFound: true}
		return nil, &net.OpError{Op: "dial", Net: "tcp", Err: dns}
	}
	h := at.arrive(r.URL.Path)
	if h == nil {
		return nil, &net.OpError{Op: "dial", Net: "tcp", Err: syscall.ECONNREFUSED}
	}
	return h, nil
}
