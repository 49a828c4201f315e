package main

import (
	"context"
	"time"

	"github.com/spf13/cobra"

	"github.com/grpcaud/grpcaud/audience/access"
	"github.com/grpcaud/grpcaud/cmd/grpcaud/internal/cli"
	"github.com/grpcaud/grpcaud/cmd/grpcaud/internal/explain"
	"github.com/grpcaud/grpcaud/cmd/grpcaud/internal/files"
	"github.com/grpcaud/grpcaud/cmd/grpcaud/internal/output"
	"github.com/grpcaud/grpcaud/cmd/grpcaud/internal/tokenrequest"
)

// tokenOptions are the flags of the command token.
type tokenOptions struct {
	tokenrequest.Options
	subject tokenrequest.SubjectFlags
	method  string
	reveal  bool
}

const tokenHelp = `Token requests a token as a client of the matrix does, with the credentials that the
file names, and judges it as the server of the service would: it shows the verdict,
each check, and the content of the token. Its signature is not shown.

With --on-behalf-of-file it exchanges the token in that file, as a service does for
its caller (RFC 8693). A token is shown to its own issuer alone; --subject-issuer names
that issuer if the token is opaque and does not say it.

With --reveal it writes the token to standard output and nothing else, for other
programs:

  TOKEN=$(grpcaud token access.yaml --as backoffice-portal --for order-status --reveal)

The exit status is 0 if the client gets a token that is admitted, 1 if it gets none or
its token is refused, and 2 if that could not be found out: the file or
the credentials cannot be read, or the issuer cannot be asked.`

const tokenExamples = `  grpcaud token access.yaml --as customer-portal --for order-status
  grpcaud token access.yaml --as order-status --for human-resource --on-behalf-of-file token -o json`

func tokenCommand() *cobra.Command {
	var f tokenOptions
	cmd := &cobra.Command{
		Use:   "token access.yaml --as CLIENT --for SERVICE",
		Short: "Request a token as a client does, and judge it",
		Long:  tokenHelp, Example: tokenExamples,
		Args:              cli.Arguments(1, 1),
		ValidArgsFunction: cli.MatrixFiles(1),
	}
	f.Flags(cmd)
	cmd.Flags().StringVar(&f.method, "method", "", "the method to judge the token for (default: the first that the matrix names for the client)")
	f.subject.Flags(cmd, "on-behalf-of-file", "the file with a caller's token to exchange")
	_ = cmd.MarkFlagRequired("as")
	cmd.Flags().BoolVar(&f.reveal, "reveal", false, "write the token itself, and nothing else")
	cli.Complete(cmd, "method", cli.FromMatrix(func(m access.Matrix) []string { return files.MethodNames(m.Services[f.Service]) }))
	format := cli.OutputFlag(cmd, "text", "json")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		answer, err := f.fetch(cmd, args[0])
		return output.WriteAnswer(cmd.OutOrStdout(), format.Value, answer, err)
	}
	return cmd
}

func (f *tokenOptions) fetch(cmd *cobra.Command, path string) (output.Answer, error) {
	a, err := f.Open(cmd, path)
	if err != nil {
		return nil, err
	}
	defer a.Close()
	subject, err := f.subject.Read(cmd, a.Policy.Matrix())
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(cmd.Context(), f.Timeout)
	defer cancel()
	raw, err := a.Token(ctx, subject)
	switch {
	case err != nil:
		return nil, err
	case f.reveal:
		return revealed(raw), nil
	}
	return judge(ctx, a, raw, f.method)
}

// judge judges a token as its service would. The token for an API of others is only
// decoded.
func judge(ctx context.Context, a *tokenrequest.Request, raw, method string) (output.Answer, error) {
	now := time.Now()
	if _, external := a.Policy.Matrix().External[a.Target.Service]; external {
		return explain.NewExternal(a.Target.Service, raw, now), nil
	}
	full, err := a.Method(method)
	if err != nil {
		return nil, err
	}
	t, err := explain.GuardedMethodAt(a.Policy, a.Target.Service, full)
	if err != nil {
		return nil, err
	}
	v, err := explain.NewVerifier(t.Guard, a.Transport)
	if err != nil {
		return nil, err
	}
	defer v.Close()
	return t.Explain(ctx, v, raw, now), nil
}

// revealed is a token to be written as it is.
type revealed string

func (r revealed) Write(p *output.Page, _ string) { p.Printf("%s\n", string(r)) }

func (revealed) Exit() error { return nil }
