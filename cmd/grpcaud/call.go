package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	"github.com/grpcaud/grpcaud/audience/access"
	"github.com/grpcaud/grpcaud/cmd/grpcaud/internal/cli"
	"github.com/grpcaud/grpcaud/cmd/grpcaud/internal/output"
	"github.com/grpcaud/grpcaud/cmd/grpcaud/internal/remote"
	"github.com/grpcaud/grpcaud/cmd/grpcaud/internal/tokenrequest"
	"github.com/grpcaud/grpcaud/interceptor"
)

// callOptions are the flags of the command call.
type callOptions struct {
	tokenrequest.Options
	connection remote.Connection
	subject    tokenrequest.SubjectFlags
	tokenFile  string
	method     string
	data       string
	headers    []string
}

const callHelp = `Call makes one call of a gRPC service as a client of the matrix does: with a token
for that service, requested with the credentials that the file names, and sent only
to the addresses that the file allows. It writes each reply as JSON, or the refusal:
the reason, the challenge, the request id in the server's log, and a fix.

With --on-behalf-of-file the client first exchanges the token in that file, as a
service does for its caller, and calls with the new token. With --token-file no token
is requested: the call presents the token in that file as it is, and the server judges
it. --as then only says whose certificate is shown, and the default of METHOD.

Over TLS the call shows the certificate that the matrix names for the client, or the
certificate in --cert and --key. So tokens that are bound to a certificate can be tried.

METHOD is GetOrderStatus or acme.orders.v1.OrderStatus/GetOrderStatus; the default is
the first that the matrix names for the client. -d is the request as JSON, or @file;
for a method with a stream of requests, one object after the other. The default is
one empty message.

The messages are known from --descriptors, or from the server by reflection if the
matrix opens that. Those of grpcaud.echo.v1.Echo, which grpcaud serve answers, are
always known: call it with --for a service that lists it under grpc. If the messages
are not known, -d cannot be used, and a reply is written as its size and its bytes in
base64.

The exit status is 0 if the call succeeds, 1 if the server refuses it or the issuer
gives no token, and 2 otherwise: wrong use, an issuer or a server that cannot be
reached, or an error of the server itself.`

const callExamples = `  grpcaud call access.yaml --as customer-portal --for order-status --addr 127.0.0.1:8080 --plaintext
  grpcaud call access.yaml --as customer-portal --for order-status --addr orders.example.com:443 GetOrderStatus -d '{"order_id":"1"}'
  grpcaud call access.yaml --as order-status --for human-resource --addr hr.example.com:443 --on-behalf-of-file alice.token
  grpcaud call access.yaml --for order-status --addr orders.example.com:443 --token-file bound.token --cert tls.crt --key tls.key`

func callCommand() *cobra.Command {
	var c callOptions
	cmd := &cobra.Command{
		Use:   "call access.yaml (--as CLIENT | --token-file FILE) --for SERVICE --addr A [METHOD]",
		Short: "Make one call as a client of the matrix",
		Long:  callHelp, Example: callExamples,
		Args:              cli.Arguments(1, 2),
		ValidArgsFunction: cli.MatrixFiles(1),
	}
	c.Flags(cmd)
	c.connection.Flags(cmd, "")
	c.subject.Flags(cmd, "on-behalf-of-file", "the file with a caller's token to exchange first")
	cmd.Flags().StringVar(&c.connection.Addr, "addr", "", "the address of the server, such as orders.example.com:443 (required)")
	cmd.Flags().StringVar(&c.tokenFile, "token-file", "", "the file with the token to present, instead of requesting one; - is standard input")
	_ = cmd.MarkFlagRequired("addr")
	cmd.MarkFlagsOneRequired("as", "token-file")
	for _, other := range []string{"on-behalf-of-file", "subject-issuer", "anyway"} {
		cmd.MarkFlagsMutuallyExclusive("token-file", other)
	}
	cmd.Flags().StringVarP(&c.data, "data", "d", "", "the request as JSON, or @FILE")
	cmd.Flags().StringArrayVar(&c.headers, "header", nil, "a header to send, as name=value")
	format := cli.OutputFlag(cmd, "text", "json")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if len(args) == 2 {
			c.method = args[1]
		}
		return output.WriteAnswer(cmd.OutOrStdout(), format.Value, nil, c.call(cmd, args[0]))
	}
	return cmd
}

// call makes the call and writes the replies. A refusal is an error.
func (c *callOptions) call(cmd *cobra.Command, path string) error {
	ctx, cancel := context.WithTimeout(cmd.Context(), c.Timeout)
	defer cancel()
	ctx, err := c.outgoing(ctx)
	if err != nil {
		return err
	}
	a, token, err := c.open(cmd, path)
	if err != nil {
		return err
	}
	defer a.Close()
	if client, _, err := a.Policy.Client(a.ClientName); err == nil {
		c.connection.ShowCertificate(client.Certificate)
	}
	dial, err := c.connection.DialOptions()
	if err != nil {
		return err
	}
	if a.Client != nil && !c.subject.Given() {
		dial = append(dial, a.Client.DialOptions(a.Target.Service)...)
	} else {
		dial = append(dial, interceptor.Retry()...) // for its errors: the token stays the same
	}
	conn, err := grpc.NewClient(c.connection.Addr, dial...)
	if err != nil {
		return err
	}
	defer conn.Close()
	return c.callOver(ctx, cmd, a, token, conn)
}

// open reads the matrix and the token to present, if there is one.
func (c *callOptions) open(cmd *cobra.Command, path string) (*tokenrequest.Request, string, error) {
	if c.tokenFile == "" {
		a, err := c.Open(cmd, path, c.connection.ClientOptions()...)
		return a, "", err
	}
	token, err := tokenrequest.ReadToken(cmd, c.tokenFile)
	if err != nil {
		return nil, "", err
	}
	a, err := c.OpenWithToken(cmd, path, token)
	return a, token, err
}

// present returns the token of the call, and the options that present it. Without
// options the connection presents the client's own token.
func (c *callOptions) present(ctx context.Context, cmd *cobra.Command, a *tokenrequest.Request, conn *grpc.ClientConn, full string) (string, []grpc.CallOption, error) {
	subject, err := c.subject.Read(cmd, a.Policy.Matrix())
	if err != nil || subject.Token.IsZero() && public(a.Policy, full) {
		return "", nil, err
	}
	token, err := a.Token(ctx, subject)
	if err != nil || subject.Token.IsZero() {
		return token, nil, err
	}
	return token, []grpc.CallOption{c.connection.Bearer(token, conn, a.Target.Authorities).Option()}, nil
}

// callOver makes the call over a connection.
func (c *callOptions) callOver(ctx context.Context, cmd *cobra.Command, a *tokenrequest.Request, token string, conn *grpc.ClientConn) error {
	full, err := a.Method(c.method)
	if err != nil {
		return err
	}
	if !strings.HasPrefix(full, "/") {
		return fmt.Errorf("%s is an HTTP operation, and grpcaud call makes gRPC calls; grpcaud token gives a token for an HTTP client", full)
	}
	opts := []grpc.CallOption{c.connection.Bearer(token, conn, a.Target.Authorities).Option()}
	if a.Client != nil {
		if token, opts, err = c.present(ctx, cmd, a, conn, full); err != nil {
			return err
		}
	}
	m, err := remote.Describe(ctx, a, conn, full)
	if err != nil {
		return err
	}
	requests, err := m.Requests(c.data)
	if err != nil {
		return err
	}
	err = m.Call(ctx, conn, requests, func(reply any) error {
		return output.Write(cmd.OutOrStdout(), func(p *output.Page) { p.JSON(reply) })
	}, opts...)
	if refusal, ok := errors.AsType[*interceptor.RefusedError](err); ok {
		return remote.NewRefusal(a, m.FullName, token, refusal)
	}
	if st, ok := status.FromError(err); ok && err != nil {
		return fmt.Errorf("%s: %s: %s%s", m.FullName, st.Code(), output.StripPackage(st.Message()), likelyCause(a, m.FullName, st))
	}
	return err
}

// likelyCause says why a call may have failed; empty if nothing is known.
func likelyCause(a *tokenrequest.Request, full string, st *status.Status) string {
	text := remote.NoTLS(st)
	if st.Code() == codes.Unimplemented {
		text = a.Misspelling(full)
	}
	if text == "" {
		return ""
	}
	return "; " + text
}

// outgoing returns ctx with the headers of --header.
func (c *callOptions) outgoing(ctx context.Context) (context.Context, error) {
	for _, header := range c.headers {
		name, value, ok := strings.Cut(header, "=")
		switch {
		case !ok || name == "":
			return nil, fmt.Errorf("header %q, want name=value", header)
		case strings.EqualFold(name, "authorization"):
			return nil, errors.New("the header authorization carries the requested token; --token-file presents another one")
		}
		ctx = metadata.AppendToOutgoingContext(ctx, name, value)
	}
	return ctx, nil
}

// public reports whether anybody may call a method.
func public(policy *access.Policy, full string) bool {
	method := strings.TrimPrefix(full, "/")
	service, _, _ := strings.Cut(method, "/")
	return slices.Contains(policy.Public(), method) || slices.Contains(policy.Public(), service)
}
