package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/grpcaud/grpcaud/audience"
)

// fetching is what the command token is asked.
type fetching struct {
	asking
	method     string
	onBehalfOf string
	reveal     bool
}

const tokenHelp = `Token asks the issuer for a token as a client of the matrix does, with the
credentials that the file refers to, and tells what came: the verdict of the
service on it, by the engine of its server, each question with its answer, and what
the token says. Its signature is not shown.

With --on-behalf-of-file it exchanges the token in that file, as a service does for
the caller that it is serving (RFC 8693).

With --reveal it writes the token to standard output and nothing else, for other
programs:

  TOKEN=$(grpcaud token access.yaml --as backoffice-portal --for order-status --reveal)

The exit status is 0 if the token came and is admitted, 1 if there is no token for
this client, or if it is refused, and 2 if that could not be found out: the file or
the credentials cannot be read, or the issuer cannot be asked.`

const tokenExamples = `  grpcaud token access.yaml --as customer-portal --for order-status
  grpcaud token access.yaml --as order-status --for human-resource --on-behalf-of-file token -o json`

func tokenCommand() *cobra.Command {
	var f fetching
	cmd := &cobra.Command{
		Use:   "token access.yaml --as CLIENT --for SERVICE",
		Short: "Fetch a token as a client does, and judge it",
		Long:  tokenHelp, Example: tokenExamples,
		Args:              arguments(1, 1),
		ValidArgsFunction: matrixFiles(1),
	}
	f.flags(cmd)
	cmd.Flags().StringVar(&f.method, "method", "", "the method to judge at (default: the first that the matrix names for the client)")
	cmd.Flags().StringVar(&f.onBehalfOf, "on-behalf-of-file", "", "a file with the token of a caller, to exchange; - is standard input")
	cmd.Flags().BoolVar(&f.reveal, "reveal", false, "write the token itself, and nothing else")
	suggest(cmd, "method", ofFile(func(m audience.Matrix) []string { return methodNames(m.Services[f.service]) }))
	format := outputFlag(cmd, "text", "json")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		told, err := f.fetch(cmd, args[0])
		return tell(cmd, format.word, told, err)
	}
	return cmd
}

// teller is what came of a question, to be told. As an error, it is the answer no,
// or none.
type teller interface {
	write(p *page, format string)
	exit() error
}

// tell writes what came of a question. What is no answer is the error.
func tell(cmd *cobra.Command, format string, told teller, err error) error {
	if err != nil && !errors.As(err, &told) || told == nil {
		return err
	}
	if err := write(cmd, func(p *page) { told.write(p, format) }); err != nil {
		return err
	}
	return told.exit()
}

func (f *fetching) fetch(cmd *cobra.Command, path string) (teller, error) {
	a, err := f.open(cmd, path)
	if err != nil {
		return nil, err
	}
	defer a.client.Close()
	subject, err := f.subject(cmd)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(cmd.Context(), f.timeout)
	defer cancel()
	raw, err := a.token(ctx, subject)
	switch {
	case err != nil:
		return nil, err
	case f.reveal:
		return revealed(raw), nil
	}
	return a.judge(ctx, raw, f.method)
}

// subject returns the token to exchange; empty for none.
func (f *fetching) subject(cmd *cobra.Command) (string, error) {
	if f.onBehalfOf == "" {
		return "", nil
	}
	text, err := readInput(cmd, f.onBehalfOf, "token", maxPaste)
	if err != nil {
		return "", err
	}
	token, _ := pasted(string(text))
	if token == "" {
		return "", fmt.Errorf("%s: no token in it", f.onBehalfOf)
	}
	return token, nil
}

// judge has the service judge a token. That of an API of others is only decoded:
// nobody here knows its rules.
func (a *asker) judge(ctx context.Context, raw, method string) (teller, error) {
	now := time.Now()
	if _, external := a.policy.Matrix().External[a.target.Service]; external {
		s := &story{Verdict: fetched, Service: a.target.Service, Steps: []step{}, decoded: decode(raw), now: now}
		s.note("this is an API of others: what it makes of the token is not known here")
		return s, nil
	}
	full, err := a.method(method)
	if err != nil {
		return nil, err
	}
	t, err := targetAt(a.policy, a.target.Service, full)
	if err != nil {
		return nil, err
	}
	v, err := verifierOf(t.guard, a.wire)
	if err != nil {
		return nil, err
	}
	defer v.Close()
	return t.judge(ctx, v, raw, now), nil
}

// revealed is a token as it is.
type revealed string

func (r revealed) write(p *page, _ string) { p.printf("%s\n", string(r)) }

func (revealed) exit() error { return nil }
