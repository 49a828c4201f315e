package main

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/grpcaud/grpcaud/audience/access"
	"github.com/grpcaud/grpcaud/cmd/grpcaud/internal/cli"
	"github.com/grpcaud/grpcaud/cmd/grpcaud/internal/doctor"
	"github.com/grpcaud/grpcaud/cmd/grpcaud/internal/files"
	"github.com/grpcaud/grpcaud/cmd/grpcaud/internal/live"
	"github.com/grpcaud/grpcaud/cmd/grpcaud/internal/output"
	"github.com/grpcaud/grpcaud/cmd/grpcaud/internal/remote"
	"github.com/grpcaud/grpcaud/cmd/grpcaud/internal/tokenrequest"
)

const doctorLiveHelp = `

With --live SERVICE=TARGET doctor examines a running server instead of the issuers. It
calls the method of --live-method, and no other, with one empty message. The server
must refuse each of these calls:

  no token
  a token of another issuer, which doctor signs itself and nobody trusts
  a forged token: one that would be admitted, but with a signature of random bytes
  a token of the same issuer for another service
  a token for the service without its scope, and one of a client that may not call the
  method, if the issuer gives such tokens
  the tokens of --live-token-file, such as one that has expired

  refused    the server refused the call, and for the right reason if it gives one
  admitted   the call reached the handler: the server does not check
  accepted   the server accepts another audience, and refused the call for another reason
  unknown    nobody answered, or the server refused the call for another reason

A server that does not check runs the method, so name one that does no harm with an
empty message. If the call without a token is not refused, or one of the next two calls
is admitted, no further call is made.

Whoever runs the server can use a token that is sent to it. By default the server gets
tokens for itself, and a token for another service that it can request at any time, as
the client that it is. If the server calls no other service, --live-other names the
service for which it gets a real token: choose a service where that token does no harm,
or examine a server that you trust.

The exit status is then 0 if each call was refused, 1 if one was admitted or accepted,
and 2 if there was no answer, or no token for another service to try.`

// liveOptions are the flags that name a running server.
type liveOptions struct {
	server, method, other string
	tokenFiles            []string
	connection            remote.Connection
}

func (l *liveOptions) flags(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.StringVar(&l.server, "live", "", "examine a running server instead: the service and its address, as SERVICE=TARGET")
	flags.StringVar(&l.method, "live-method", "", "for --live: the only method to call, with an empty message")
	flags.StringVar(&l.other, "live-other", "", "for --live: another service, a real token for which may be sent to the server")
	flags.StringArrayVar(&l.tokenFiles, "live-token-file", nil, "for --live: a file with a token that the server must refuse, such as an expired one; may be repeated")
	l.connection.Flags(cmd, "for --live: ")
	cmd.MarkFlagsRequiredTogether("live", "live-method")
	for _, other := range []string{"user-token-file", "subject-issuer", "service"} {
		cmd.MarkFlagsMutuallyExclusive("live", other)
	}
	cli.Complete(cmd, "live-other", cli.FromMatrix(files.ServiceNames))
}

// forLive are the flags that mean nothing without --live.
var forLive = []string{"live-other", "live-token-file", "authority", "tls-ca", "cert", "key", "plaintext"}

// check returns an error if a flag for --live is set without it.
func (l *liveOptions) check(cmd *cobra.Command) error {
	for _, name := range forLive {
		if l.server == "" && cmd.Flags().Changed(name) {
			return fmt.Errorf("--%s is for a running server: name that with --live SERVICE=TARGET", name)
		}
	}
	return nil
}

// examine calls the server.
func (l *liveOptions) examine(cmd *cobra.Command, policy *access.Policy, o doctor.Options) (output.Answer, error) {
	service, target, ok := strings.Cut(l.server, "=")
	if !ok || service == "" || target == "" {
		return nil, fmt.Errorf("--live: got %q, want SERVICE=TARGET", l.server)
	}
	m := policy.Matrix()
	err := files.CheckService(m, service, maps.Keys(m.Services))
	if l.other != "" {
		err = errors.Join(err, files.CheckService(m, l.other, slices.Values(files.ServiceNames(m))))
	}
	if err != nil {
		return nil, err
	}
	if l.other == service {
		return nil, fmt.Errorf("--live-other: got %s, the service that is called, want another", l.other)
	}
	tokens := map[string]string{}
	for _, path := range l.tokenFiles {
		if tokens[path], err = tokenrequest.ReadToken(cmd, path); err != nil {
			return nil, err
		}
	}
	transport, err := files.IssuerTransport(o.IssuerCA)
	if err != nil {
		return nil, err
	}
	l.connection.Addr = target
	prober, err := live.New(policy, live.Options{
		Service: service, Method: l.method, Other: l.other, Clients: o.Clients, Files: tokens,
		Connection: &l.connection, Transport: transport, Timeout: o.Timeout,
	})
	if err != nil {
		return nil, err
	}
	defer prober.Close()
	return prober.Examine(cmd.Context()), nil
}
