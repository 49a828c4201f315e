package dev

import (
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"reflect"
	"slices"
	"time"

	"github.com/grpcaud/grpcaud/audience/access"
	"github.com/grpcaud/grpcaud/audience/policyfile"
	"github.com/grpcaud/grpcaud/cmd/grpcaud/internal/cli"
	"github.com/grpcaud/grpcaud/internal/loopback"
	"github.com/grpcaud/grpcaud/testutil"
	"github.com/grpcaud/grpcaud/testutil/matrixissuer"
)

// Options say how the issuers are played.
type Options struct {
	Path, Output string // of the matrix, and of the matrix for programs
	Addr         string // to listen on; a loopback address
	Lifetime     time.Duration
	Users        []testutil.User
	Methods      map[string][]string // by gRPC service, as far as they are known
}

// Server serves the issuers of a matrix on a loopback address. Close it.
type Server struct {
	options      Options
	issuers      *matrixissuer.Issuers
	certificates Certificates
	plain, tls   net.Listener // tls is for clients that have certificates
	http         *http.Server
}

// Listen returns a server of the issuers of policy, and writes the matrix for programs.
// Nothing is served before [Server.Serve].
func Listen(options Options, policy *access.Policy) (s *Server, err error) {
	s = &Server{options: options, certificates: Certificates{ca: testutil.NewCA()}}
	s.http = &http.Server{Handler: s.handler(), ReadHeaderTimeout: 10 * time.Second, ErrorLog: log.New(io.Discard, "", 0)}
	defer func() {
		if err != nil {
			err = errors.Join(err, s.Close())
		}
	}()
	if err := refuseWritten(options.Path); err != nil {
		return s, err
	}
	if s.plain, err = cli.ListenLocally(options.Addr, "this issuer gives tokens to whoever asks"); err != nil {
		return s, err
	}
	if s.tls, err = net.Listen("tcp", "127.0.0.1:0"); err != nil {
		return s, err
	}
	cert := s.certificates.server()
	s.tls = tls.NewListener(s.tls, &tls.Config{Certificates: []tls.Certificate{cert}, ClientAuth: tls.RequestClientCert, MinVersion: tls.VersionTLS12})
	opts := []matrixissuer.Option{
		matrixissuer.At("http://" + s.plain.Addr().String()), matrixissuer.Lifetime(options.Lifetime), matrixissuer.Users(options.Users...),
		matrixissuer.Certificates("https://"+s.tls.Addr().String(), s.certificates.issue),
	}
	if s.issuers, err = matrixissuer.For(policy, opts...); err != nil {
		return s, err
	}
	return s, s.write()
}

// handler serves the issuers, and a way to rotate their keys.
func (s *Server) handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("POST /rotate", func(w http.ResponseWriter, _ *http.Request) {
		s.Rotate()
		w.WriteHeader(http.StatusNoContent)
	})
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) { s.issuers.ServeHTTP(w, r) })
	return http.NewCrossOriginProtection().Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		host, _, err := net.SplitHostPort(r.Host)
		if err != nil || !loopback.Host(host) {
			// The name of another site may resolve to this address (DNS rebinding).
			http.Error(w, "this issuer answers to a loopback address only", http.StatusMisdirectedRequest)
			return
		}
		mux.ServeHTTP(w, r)
	}))
}

// Serve serves until [Server.Close].
func (s *Server) Serve() error {
	ended := make(chan error, 2)
	for _, l := range []net.Listener{s.plain, s.tls} {
		go func() { ended <- s.http.Serve(l) }()
	}
	first := <-ended
	second := errors.Join(s.http.Close(), <-ended)
	for _, err := range []error{first, second} {
		if !errors.Is(err, http.ErrServerClosed) {
			return err
		}
	}
	return nil
}

// Rotate gives the issuers new signing keys.
func (s *Server) Rotate() { s.issuers.Rotate() }

// Swap plays the issuers of another policy, and writes the matrix for programs again. If it
// returns an error, the issuers are as before.
func (s *Server) Swap(policy *access.Policy) error {
	before := s.issuers.Policy()
	if err := s.issuers.Swap(policy); err != nil {
		return err
	}
	if err := s.write(); err != nil {
		return errors.Join(err, s.issuers.Swap(before))
	}
	return nil
}

// write writes the matrix for programs. It must not be one of the files that it is made of.
func (s *Server) write() error {
	if slices.Contains(policyfile.Files(s.options.Path), s.options.Output) {
		return fmt.Errorf("%s would be one of the files that make %s: name another with --out", s.options.Output, s.options.Path)
	}
	text, err := matrixText(s.options.Path, s.issuers.Policy().Matrix())
	if err != nil {
		return err
	}
	written, err := policyfile.Parse(s.options.Output, text, s.issuers.Policy().GivenOptions()...)
	if err != nil {
		return fmt.Errorf("%s is not written: %w", s.options.Output, err)
	}
	if !reflect.DeepEqual(written.Matrix(), s.issuers.Policy().Matrix()) {
		return fmt.Errorf("%s is not written: %s has just changed, or has a key that dev does not know how to write", s.options.Output, s.options.Path)
	}
	return writeFile(s.options.Output, s.options.Path, text)
}

// Close stops serving and removes the certificates of clients.
func (s *Server) Close() error {
	err := errors.Join(s.http.Close(), s.certificates.close())
	for _, l := range []net.Listener{s.plain, s.tls} {
		if l != nil {
			_ = l.Close() // which Serve may have done
		}
	}
	return err
}
