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

// callOptions is what the command call is asked.
type callOptions struct {
	tokenrequest.Options
	line    remote.Connection
	method  string
	data    string
	headers []string
}

const callHelp = `Call makes one call of a gRPC service as a client of the matrix does: with a token
for that service, which the file's credentials get, sent to the places that the file
allows. It writes each reply as JSON; or the refusal: the reason, what stands in the
challenge, the number by which the server's log knows the call, and what to do.

METHOD is GetOrderStatus, or acme.orders.v1.OrderStatus/GetOrderStatus; without it,
the first that the matrix names for the client. -d gives the request as JSON, or
@file; for a method that takes many, one object after the other. Without -d it is
one empty message.

What the messages look like is known from --descriptors, or else from the server by
reflection, where the matrix opens that. Where it is not known, -d cannot be used,
and a reply is written as the number of its bytes and, in base64, what they are.

The exit status is 0 if the call succeeds, 1 if the server refuses it or the issuer
gives no token, and 2 otherwise: wrong use, an issuer or a server that cannot be
asked, or an error of the server's own.`

const callExamples = `  grpcaud call access.yaml --as customer-portal --for order-status --addr 127.0.0.1:8080 --plaintext
  grpcaud call access.yaml --as customer-portal --for order-status --addr orders.example.com:443 GetOrderStatus -d '{"order_id":"1"}'`

func callCommand() *cobra.Command {
	var c callOptions
	cmd := &cobra.Command{
		Use:   "call access.yaml --as CLIENT --for SERVICE --addr A [METHOD]",
		Short: "Make one call as a client of the matrix",
		Long:  callHelp, Example: callExamples,
		Args:              cli.Arguments(1, 2),
		ValidArgsFunction: cli.MatrixFiles(1),
	}
	c.Flags(cmd)
	c.line.Flags(cmd)
	cmd.Flags().StringVarP(&c.data, "data", "d", "", "the request as JSON, or @ and the name of a file with it")
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

// call makes the call, and writes the replies. A refusal is the error.
func (c *callOptions) call(cmd *cobra.Command, path string) error {
	ctx, cancel := context.WithTimeout(cmd.Context(), c.Timeout)
	defer cancel()
	ctx, err := c.outgoing(ctx)
	if err != nil {
		return err
	}
	dial, err := c.line.DialOptions()
	if err != nil {
		return err
	}
	a, err := c.Open(cmd, path, c.line.ClientOptions()...)
	if err != nil {
		return err
	}
	defer a.Client.Close()
	conn, err := grpc.NewClient(c.line.Addr, append(a.Client.Service(a.Target.Service), dial...)...)
	if err != nil {
		return err
	}
	defer conn.Close()
	return c.talk(ctx, cmd, a, conn)
}

// talk makes the call over a connection.
func (c *callOptions) talk(ctx context.Context, cmd *cobra.Command, a *tokenrequest.Request, conn *grpc.ClientConn) error {
	full, err := a.Method(c.method)
	if err != nil {
		return err
	}
	token := ""
	if !public(a.Policy, full) {
		if token, err = a.Token(ctx, ""); err != nil {
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
	})
	if refusal, ok := errors.AsType[*interceptor.RefusedError](err); ok {
		return remote.NewRefusal(a, m.FullName, token, refusal)
	}
	if st, ok := status.FromError(err); ok && err != nil {
		return fmt.Errorf("%s: %s: %s%s", m.FullName, st.Code(), output.StripPackage(st.Message()), likely(a, m.FullName, st))
	}
	return err
}

// likely says what is likely wrong where a call failed; empty if nothing is known.
func likely(a *tokenrequest.Request, full string, st *status.Status) string {
	text := ""
	switch {
	case strings.Contains(st.Message(), "first record does not look like a TLS handshake"):
		text = "the server speaks no TLS; on a loopback address use --plaintext"
	case st.Code() == codes.Unimplemented:
		text = a.Misspelling(full)
	}
	if text == "" {
		return ""
	}
	return "; " + text
}

// outgoing returns ctx with the headers that the user gave.
func (c *callOptions) outgoing(ctx context.Context) (context.Context, error) {
	for _, header := range c.headers {
		name, value, ok := strings.Cut(header, "=")
		switch {
		case !ok || name == "":
			return nil, fmt.Errorf("header %q, want name=value", header)
		case strings.EqualFold(name, "authorization"):
			return nil, errors.New("the header authorization is that of the token which is fetched; to judge another token, see grpcaud explain")
		}
		ctx = metadata.AppendToOutgoingContext(ctx, name, value)
	}
	return ctx, nil
}

// public reports whether the matrix opens a method to anybody.
func public(policy *access.Policy, full string) bool {
	method := strings.TrimPrefix(full, "/")
	service, _, _ := strings.Cut(method, "/")
	return slices.Contains(policy.Public(), method) || slices.Contains(policy.Public(), service)
}
