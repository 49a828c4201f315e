package company

import (
	"crypto/tls"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"time"

	"github.com/grpcaud/grpcaud/interceptor/connectguard"
	"github.com/grpcaud/grpcaud/interceptor/httpguard"
)

// ServeHTTP serves the service of s over HTTP as well, on a free port of 127.0.0.1: its
// operations, and its methods by Connect. The guard is that of its gRPC server. It returns
// the URL, and ends with the company.
func (c *Company) ServeHTTP(s *Server) (url string, err error) {
	operations, err := httpguard.New(s.admit, c.operations(s.Service))
	if err != nil {
		return "", err
	}
	procedures, err := connectguard.New(s.admit, c.procedures(s.Service, s.admit))
	if err != nil {
		return "", err
	}
	mux := http.NewServeMux()
	mux.Handle("/v1/", operations)
	mux.Handle("/", procedures)
	listener, err := net.Listen("tcp", orFree(""))
	if err != nil {
		return "", fmt.Errorf("%s: %w", s.Service, err)
	}
	srv := &http.Server{
		Handler: mux, TLSConfig: &tls.Config{Certificates: []tls.Certificate{c.ca.Certificate("127.0.0.1")}},
		ReadHeaderTimeout: 5 * time.Second, ErrorLog: slog.NewLogLogger(slog.DiscardHandler, slog.LevelError),
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = srv.ServeTLS(listener, "", "") // returns when the company closes
	}()
	c.closing(func() error {
		err := srv.Close()
		<-done
		return err
	})
	return "https://" + listener.Addr().String(), nil
}

// Web returns a client for the company's servers over HTTP/2.
func (c *Company) Web() *http.Client {
	transport := &http.Transport{TLSClientConfig: c.tls(), ForceAttemptHTTP2: true}
	c.closing(func() error {
		transport.CloseIdleConnections()
		return nil
	})
	return &http.Client{Transport: transport}
}
