package ui

import (
	"context"
	"errors"
	"io"
	"log"
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/grpcaud/grpcaud/cmd/grpcaud/internal/cli"
	"github.com/grpcaud/grpcaud/cmd/grpcaud/internal/descriptor"
	"github.com/grpcaud/grpcaud/cmd/grpcaud/internal/explain"
	"github.com/grpcaud/grpcaud/cmd/grpcaud/internal/review"
)

// Options say what is shown, and where.
type Options struct {
	Path    string         // of the matrix
	Against string         // of the matrix that it is compared with; empty for none
	Addr    string         // to listen on; a loopback address
	Set     descriptor.Set // of the .proto files
	Keys    explain.Keys   // that tokens are verified with
	Records *review.Kept   // for the review of the matrix; nil for none

	// Address is called with an address for a browser: at first, and each time that one
	// was used, since an address works once.
	Address func(url string)

	// Report is called when a file has changed. Its error says why the change is not
	// shown; nil if it is.
	Report func(path string, err error)
}

// Server shows a matrix on a loopback address. Close it, or [Server.Serve] does.
type Server struct {
	options  Options
	listener net.Listener
	session  *session
	file     *followedFile
	against  *followedFile // nil without Against
	events   *events
	reviewed reviewed
}

// Listen reads the files and listens. Nothing is served before [Server.Serve].
func Listen(options Options) (*Server, error) {
	s := &Server{options: options, events: newEvents()}
	var err error
	if s.file, err = follow(options.Path, options); err != nil {
		return nil, err
	}
	if options.Against != "" {
		if s.against, err = follow(options.Against, options); err != nil {
			return nil, err
		}
	}
	if s.listener, err = cli.ListenLocally(options.Addr, "the page is for this machine alone"); err != nil {
		return nil, err
	}
	s.session = newSession()
	return s, nil
}

// Serve serves, and follows the files, until ctx ends.
func (s *Server) Serve(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	server := &http.Server{
		Handler: s.handler(), ReadHeaderTimeout: 10 * time.Second, IdleTimeout: 2 * time.Minute, MaxHeaderBytes: 16 << 10,
		ErrorLog: log.New(io.Discard, "", 0), BaseContext: func(net.Listener) context.Context { return ctx },
	}
	var all sync.WaitGroup
	defer all.Wait()
	defer cancel()
	for _, file := range []*followedFile{s.file, s.against} {
		if file != nil {
			all.Go(func() { file.watch(ctx, s.options, s.events.add) })
		}
	}
	all.Go(func() {
		<-ctx.Done()
		s.end(server)
	})
	s.options.Address(s.address())
	if err := server.Serve(s.listener); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

// end lets the requests that are under way end, which the end of their context tells them.
func (s *Server) end(server *http.Server) {
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	if server.Shutdown(ctx) != nil {
		_ = server.Close()
	}
}

// Close stops listening.
func (s *Server) Close() error { return s.listener.Close() }

// address returns an address that opens the page once.
func (s *Server) address() string {
	return "http://" + s.listener.Addr().String() + "/?" + keyParameter + "=" + s.session.newKey()
}
