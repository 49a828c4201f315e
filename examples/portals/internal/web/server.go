package web

import (
	"context"
	"errors"
	"io"
	"log"
	"net"
	"net/http"
	"time"
)

// Serve serves pages on l until ctx ends, and returns after the last request has ended.
// Requests have a context that ends with ctx, so that an open page's events end too.
func Serve(ctx context.Context, l net.Listener, pages http.Handler) error {
	s := &http.Server{
		Handler:           pages,
		BaseContext:       func(net.Listener) context.Context { return ctx },
		ErrorLog:          log.New(io.Discard, "", 0),
		ReadHeaderTimeout: 5 * time.Second,
		ReadTimeout:       10 * time.Second,
		WriteTimeout:      30 * time.Second, // events set a deadline of their own
		IdleTimeout:       time.Minute,
		MaxHeaderBytes:    32 << 10,
	}
	stopped := make(chan error, 1)
	stop := context.AfterFunc(ctx, func() {
		patience, cancel := context.WithTimeout(context.WithoutCancel(ctx), 3*time.Second)
		defer cancel()
		stopped <- errors.Join(s.Shutdown(patience), s.Close())
	})
	err := s.Serve(l)
	if stop() { // not ended by ctx
		return err
	}
	return <-stopped
}
