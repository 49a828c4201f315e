package main

import (
	"cmp"
	"errors"
	"net/http"
	"time"

	"github.com/spf13/cobra"

	"github.com/grpcaud/grpcaud/audience"
	"github.com/grpcaud/grpcaud/audience/verifier"
)

// explaining is what the command explain is asked.
type explaining struct {
	service, method string
	tokenFile       string
	jwksFile        string
	descriptors     string
	offline         bool
}

const explainHelp = `Explain judges a token as the server of the service would, by the same engine,
and tells the whole story: each question with what came and what was wanted, what
the peer would be told, how to mend it at this kind of issuer, and what the token
says. Its signature is never shown.

The token comes from --token-file, or from standard input (-). Line breaks and spaces
from copying, a leading "Bearer", and the answer of a token endpoint around the
token are taken off, and mentioned.

Keys come from --jwks, from the issuer's keys_file, or from the issuer. With
--offline nobody is asked: if there are no keys at hand, it is told what the rule
says of the token if it is genuine.

Not judged are what only a server sees: the connection, the certificate that a
token may be bound to, and whether the token was revoked.

The exit status is 0 if the token is admitted, 1 if it is refused, and 2 if that
could not be found out: the file is broken, or the issuer cannot be asked.`

const explainExamples = `  echo "$TOKEN" | grpcaud explain access.yaml --service order-status --method GetOrderStatus
  grpcaud explain access.yaml --service order-status --method GetOrderStatus --token-file t --jwks keys.json -o json`

func explainCommand() *cobra.Command {
	var e explaining
	cmd := &cobra.Command{
		Use:   "explain access.yaml --service S --method M",
		Short: "Judge a token at a method, and tell why",
		Long:  explainHelp, Example: explainExamples,
		Args:              arguments(1, 1),
		ValidArgsFunction: matrixFiles(1),
	}
	flags := cmd.Flags()
	flags.StringVar(&e.service, "service", "", "the service of the matrix that is called (required)")
	flags.StringVar(&e.method, "method", "", "the method that is called: GetOrderStatus, or acme.orders.v1.OrderStatus/GetOrderStatus (required)")
	flags.StringVar(&e.tokenFile, "token-file", "", "the file that holds the token; - is standard input (the default)")
	flags.StringVar(&e.jwksFile, "jwks", "", "the file that holds the keys of the token's issuer, as a JWK set")
	flags.StringVar(&e.descriptors, "descriptors", "", descriptorsUsage)
	flags.BoolVar(&e.offline, "offline", false, "ask no issuer")
	_ = cmd.MarkFlagRequired("service")
	_ = cmd.MarkFlagRequired("method")
	suggest(cmd, "service", ofFile(guardedNames))
	suggest(cmd, "method", ofFile(func(m audience.Matrix) []string { return methodNames(m.Services[e.service]) }))
	format := outputFlag(cmd, "text", "json")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		story, err := e.explain(cmd, args[0])
		if err != nil {
			return err
		}
		if err := write(cmd, func(p *page) { story.write(p, format.word) }); err != nil {
			return err
		}
		return story.exit()
	}
	return cmd
}

func (e explaining) explain(cmd *cobra.Command, path string) (*story, error) {
	policy, _, err := load(cmd, path, e.descriptors)
	if err != nil {
		return nil, err
	}
	t, err := newTarget(policy, e.service, e.method)
	if err != nil {
		return nil, err
	}
	text, err := e.token(cmd)
	if err != nil {
		return nil, err
	}
	token, notes := pasted(text)
	if token == "" {
		return nil, errors.New("no token: give one by --token-file, or on standard input")
	}
	opts, err := e.options(t, token)
	if err != nil {
		return nil, err
	}
	v, err := verifier.New(t.guard.Issuers(), opts...)
	if err != nil {
		return nil, err
	}
	defer v.Close()
	story := t.judge(cmd.Context(), v, token, time.Now())
	story.Notes = append(notes, story.Notes...)
	return story, nil
}

// maxPaste is more than any token takes, with what may be pasted around it.
const maxPaste = 256 << 10

func (e explaining) token(cmd *cobra.Command) (string, error) {
	data, err := readInput(cmd, cmp.Or(e.tokenFile, dash), "token", maxPaste)
	return string(data), err
}

// options say where the verifier finds keys.
func (e explaining) options(t *target, token string) ([]verifier.Option, error) {
	var opts []verifier.Option
	if e.offline {
		opts = append(opts, verifier.Transport(nobody{}))
	}
	if e.jwksFile == "" {
		return opts, nil
	}
	jwks, err := read(e.jwksFile, 1<<20)
	if err != nil {
		return nil, err
	}
	issuer, ok := t.issuerOf(decode(token))
	if !ok {
		return opts, nil // which the verifier refuses for its issuer
	}
	return append(opts, verifier.StaticKeys(issuer.URL, jwks)), nil
}

// nobody is the wire of who asks nobody.
type nobody struct{}

// RoundTrip implements [http.RoundTripper].
func (nobody) RoundTrip(*http.Request) (*http.Response, error) {
	return nil, errOffline
}

var errOffline = errors.New("no keys: nobody was asked (--offline)")
