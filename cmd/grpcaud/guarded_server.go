package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"slices"
	"time"

	"github.com/spf13/cobra"
	"google.golang.org/grpc"

	"github.com/grpcaud/grpcaud/audience/access"
	"github.com/grpcaud/grpcaud/audience/policyfile"
	"github.com/grpcaud/grpcaud/cmd/grpcaud/internal/descriptor"
	"github.com/grpcaud/grpcaud/cmd/grpcaud/internal/files"
	"github.com/grpcaud/grpcaud/interceptor"
)

// decisionLog returns a log of JSON lines, in which durations have their unit.
func decisionLog(w io.Writer) *slog.Logger {
	return slog.New(slog.NewJSONHandler(w, &slog.HandlerOptions{ReplaceAttr: withUnit}))
}

// withUnit writes durations with their unit: "1.5ms" and not a number of nanoseconds.
func withUnit(_ []string, a slog.Attr) slog.Attr {
	if a.Value.Kind() == slog.KindDuration {
		a.Value = slog.StringValue(a.Value.Duration().String())
	}
	return a
}

// follow gives the guard each new version of the file, until ctx ends.
func follow(ctx context.Context, path string, set descriptor.Set, admit *interceptor.Server, log *slog.Logger) {
	if path == files.Dash {
		return // it does not change
	}
	_ = policyfile.Watch(ctx, path, admit.Swap, policyfile.WatchLogger(log), policyfile.WatchMethodOptions(set.Options...), // it only returns errors about its arguments
		policyfile.WatchReport(func(s policyfile.Stats) { admit.RecordReload(s.Err) }))
}

// serveOn serves until the command is interrupted. First it writes ready to standard
// output, as one line of JSON.
func serveOn(cmd *cobra.Command, srv *grpc.Server, listener net.Listener, ready any) error {
	line, err := json.Marshal(ready)
	if err != nil {
		return err
	}
	if _, err := fmt.Fprintf(cmd.OutOrStdout(), "%s\n", line); err != nil {
		return err
	}
	defer context.AfterFunc(cmd.Context(), func() { stop(srv) })()
	if err := srv.Serve(listener); !errors.Is(err, grpc.ErrServerStopped) {
		return err
	}
	return nil
}

// grace is how long running calls may go on at the end.
const grace = 5 * time.Second

// stop ends srv, and after the grace period all calls.
func stop(srv *grpc.Server) {
	defer time.AfterFunc(grace, srv.Stop).Stop()
	srv.GracefulStop()
}

// onLoopback reports whether only this machine can connect.
func onLoopback(listener net.Listener) bool {
	at, ok := listener.Addr().(*net.TCPAddr)
	return listener.Addr().Network() == "unix" || ok && at.IP.IsLoopback()
}

// serviceNames returns the services of a flag, or all services of the policy if it names
// none.
func serviceNames(policy *access.Policy, named []string) ([]string, error) {
	if len(named) == 0 {
		return policy.Services(), nil
	}
	for _, name := range named {
		if err := files.CheckService(policy.Matrix(), name, slices.Values(policy.Services())); err != nil {
			return nil, err
		}
	}
	return named, nil
}
