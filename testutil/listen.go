package testutil

import (
	"crypto/tls"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
)

// Listen serves i on a socket at addr, such as "127.0.0.1:0": over TLS with cert, over
// plain HTTP if cert is nil. base is the scheme and the address of the socket. The
// published addresses stay below the issuer's URL, so clients must dial base for the
// issuer's host. Over TLS, Listen asks for a client certificate and accepts any (see
// [Client]). The error for a port in use names the port. stop closes all connections
// and returns after the listener's goroutine has ended.
func (i *Issuer) Listen(addr string, cert *tls.Certificate) (stop func(), base string, err error) {
	l, err := net.Listen("tcp", addr)
	if err != nil {
		return nil, "", fmt.Errorf("testutil: %w", err)
	}
	s := &http.Server{Handler: i, ErrorLog: log.New(io.Discard, "", 0)}
	serve, base := s.Serve, "http://"+l.Addr().String()
	if cert != nil {
		s.TLSConfig = &tls.Config{Certificates: []tls.Certificate{*cert}, ClientAuth: tls.RequestClientCert}
		serve = func(l net.Listener) error { return s.ServeTLS(l, "", "") }
		base = "https://" + l.Addr().String()
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		serve(l)
	}()
	stop = func() {
		s.Close()
		<-done
	}
	return stop, base, nil
}
