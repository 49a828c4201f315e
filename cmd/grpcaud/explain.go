package main

import (
	"cmp"
	"errors"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/grpcaud/grpcaud/audience"
	"github.com/grpcaud/grpcaud/audience/access"
	"github.com/grpcaud/grpcaud/cmd/grpcaud/internal/cli"
	"github.com/grpcaud/grpcaud/cmd/grpcaud/internal/descriptor"
	"github.com/grpcaud/grpcaud/cmd/grpcaud/internal/explain"
	"github.com/grpcaud/grpcaud/cmd/grpcaud/internal/files"
	"github.com/grpcaud/grpcaud/cmd/grpcaud/internal/output"
)

// explainOptions are the flags of the command explain.
type explainOptions struct {
	service, method string
	tokenFile       string
	descriptors     string
	keyFlags
	message string // an error text
}

const explainHelp = `Explain judges a token as the server of the service would, with the same engine, and
shows each check with what was expected and what the token has, the answer that the
peer would get, a fix for this kind of issuer, and the content of the token. Its
signature is never shown.

The token is read from --token-file, or from standard input (-). Line breaks and
spaces in it, "Bearer" before it, and the response of a token endpoint around it are
removed, with a note.

Keys come from --jwks, from the issuer's keys_file, or from the issuer. With
--offline no issuer is asked: without keys, the checks of the rule are shown for the
case that the token is genuine.

With --error TEXT it says what an error text means, and what to look at: a status or
a line of the log of grpcaud, or a text of ASP.NET Core, Microsoft Graph, Spring
Security, Envoy, Istio, Go libraries and others. That needs no file; with --token-file
it shows the claims that the text is about, and with a file, --service and --method
the verdict too.

Only a server can check the connection, the certificate that a token is bound to, and
whether the token was revoked.

The exit status is 0 if the token is admitted, 1 if it is refused, and 2 if that
could not be found out: the file is broken, the issuer cannot be asked, or the text of
--error is not known.`

const explainExamples = `  echo "$TOKEN" | grpcaud explain access.yaml --service order-status --method GetOrderStatus
  grpcaud explain access.yaml --service order-status --method GetOrderStatus --token-file t --jwks keys.json -o json
  grpcaud explain --error "Access token validation failure. Invalid audience."`

func explainCommand() *cobra.Command {
	var e explainOptions
	cmd := &cobra.Command{
		Use:   "explain access.yaml --service S --method M",
		Short: "Judge a token for a method, and say why",
		Long:  explainHelp, Example: explainExamples,
		Args:              e.arguments,
		ValidArgsFunction: cli.MatrixFiles(1),
	}
	flags := cmd.Flags()
	flags.StringVar(&e.service, "service", "", "the service of the matrix that is called (required with a file)")
	flags.StringVar(&e.method, "method", "", "the method that is called: GetOrderStatus, acme.orders.v1.OrderStatus/GetOrderStatus, an HTTP operation, or a request such as \"GET /v1/orders/5\" (required with a file)")
	flags.StringVar(&e.tokenFile, "token-file", "", "the file with the token; - is standard input (the default)")
	flags.StringVar(&e.descriptors, "descriptors", "", descriptor.Usage)
	flags.StringVar(&e.message, "error", "", "an error text of grpcaud or of another stack, to say what it means")
	e.add(cmd)
	cli.Complete(cmd, "service", cli.FromMatrix(files.GuardedServiceNames))
	cli.Complete(cmd, "method", cli.FromMatrix(func(m access.Matrix) []string { return files.MethodNames(m.Services[e.service]) }))
	format := cli.OutputFlag(cmd, "text", "json")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		answer, err := e.answer(cmd, args)
		return output.WriteAnswer(cmd.OutOrStdout(), format.Value, answer, err)
	}
	return cmd
}

// arguments demands a file, a service and a method, unless only a text is explained.
func (e *explainOptions) arguments(cmd *cobra.Command, args []string) error {
	if e.message != "" && len(args) == 0 {
		return nil
	}
	if err := cli.Arguments(1, 1)(cmd, args); err != nil {
		return err
	}
	for _, name := range []string{"service", "method"} {
		_ = cmd.MarkFlagRequired(name)
	}
	return nil
}

// answer explains a text, a token, or both.
func (e explainOptions) answer(cmd *cobra.Command, args []string) (output.Answer, error) {
	switch {
	case e.message == "":
		return e.explain(cmd, args[0])
	case len(args) > 0:
		explanation, err := e.explain(cmd, args[0])
		if err != nil {
			return nil, err
		}
		m := explain.NewMessage(e.message, "")
		m.Explanation = explanation
		return m, nil
	}
	text := ""
	if e.tokenFile != "" {
		var err error
		if text, err = e.token(cmd); err != nil {
			return nil, err
		}
	}
	token, _ := explain.CleanToken(text)
	return explain.NewMessage(e.message, token), nil
}

func (e explainOptions) explain(cmd *cobra.Command, path string) (*explain.Explanation, error) {
	policy, set, err := files.Load(cmd, path, e.descriptors)
	if err != nil {
		return nil, err
	}
	t, err := explain.NewGuardedMethod(policy, e.service, e.method)
	if err != nil {
		return nil, err
	}
	text, err := e.token(cmd)
	if err != nil {
		return nil, err
	}
	token, notes := explain.CleanToken(text)
	if token == "" {
		return nil, errors.New("no token: give one by --token-file, or on standard input")
	}
	keys, err := e.keys()
	if err != nil {
		return nil, err
	}
	v, err := keys.Verifier(t, token)
	if err != nil {
		return nil, err
	}
	defer v.Close()
	explanation := t.Explain(cmd.Context(), v, token, time.Now())
	explanation.Notes = append(append(notes, explanation.Notes...), t.Unnamed(set)...)
	if explanation.Cause == audience.CauseKeysUnavailable && !e.offline && e.jwksFile == "" {
		explanation.Fix = strings.TrimPrefix(explanation.Fix+"; or give the keys of the issuer with --jwks", "; or ")
	}
	return explanation, nil
}

func (e explainOptions) token(cmd *cobra.Command) (string, error) {
	data, err := files.ReadInput(cmd, cmp.Or(e.tokenFile, files.Dash), "token", explain.MaxInput)
	return string(data), err
}
