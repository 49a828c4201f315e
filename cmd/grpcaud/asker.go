package main

import (
	"context"
	"errors"
	"log/slog"
	"maps"
	"net/http"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"github.com/grpcaud/grpcaud/audience"
	"github.com/grpcaud/grpcaud/interceptor"
	"github.com/grpcaud/grpcaud/tokensource"
)

// asking says as which client to ask for a token, and for which service.
type asking struct {
	client, service string
	anyway          bool
	descriptors     string
	issuerCA        string
	timeout         time.Duration
}

// flags gives cmd the flags that are the same wherever a token is asked for.
func (a *asking) flags(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.StringVar(&a.client, "as", "", "the client of the matrix to be (required)")
	flags.StringVar(&a.service, "for", "", "the service of the matrix, or the API of others, that is called (required)")
	flags.BoolVar(&a.anyway, "anyway", false, "ask although the matrix does not let the client call the service")
	flags.StringVar(&a.descriptors, "descriptors", "", descriptorsUsage)
	flags.DurationVar(&a.timeout, "timeout", 30*time.Second, "how long to wait for everything together")
	issuerCAFlag(cmd, &a.issuerCA)
	_ = cmd.MarkFlagRequired("as")
	_ = cmd.MarkFlagRequired("for")
	suggest(cmd, "as", ofFile(clientNames))
	suggest(cmd, "for", ofFile(serviceNames))
}

// asker is a client of the matrix with the service that it asks for. Close its
// client.
type asker struct {
	policy *audience.Policy // as the file has it
	set    descriptors
	name   string // of the client
	target audience.Target
	wire   http.RoundTripper // to issuers; nil for the default
	client *interceptor.Client
}

// open reads the matrix at path. If that does not let the client call the
// service, the error is a *diagnosis.
func (a *asking) open(cmd *cobra.Command, path string, opts ...interceptor.ClientOption) (*asker, error) {
	policy, set, err := load(cmd, path, a.descriptors)
	if err != nil {
		return nil, err
	}
	m := policy.Matrix()
	err = errors.Join(known("client", a.client, maps.Keys(m.Clients)), known("service", a.service, slices.Values(serviceNames(m))))
	if err != nil {
		return nil, err
	}
	asked := policy
	if a.anyway {
		if asked, err = widened(policy); err != nil {
			return nil, err
		}
	}
	target, err := asked.Target(a.client, a.service)
	if err != nil {
		return nil, a.barred(err)
	}
	wire, err := issuerWire(a.issuerCA)
	if err != nil {
		return nil, err
	}
	client, err := clientOf(asked, a.client, wire, opts...)
	return &asker{policy, set, a.client, target, wire, client}, err
}

// barred says that the matrix does not let the client call the service.
func (a *asking) barred(err error) *diagnosis {
	d := &diagnosis{Client: a.client, Service: a.service, Result: notAllowed, Text: bare(err.Error())}
	if !a.anyway {
		d.Fix = "if it is to call, name it under clients of an entry of the service; --anyway shows what the issuer and the server say as things are"
	}
	return d
}

// clientOf returns a client of policy that logs nothing: what there is to say of
// its tokens, the command says.
func clientOf(policy *audience.Policy, name string, wire http.RoundTripper, opts ...interceptor.ClientOption) (*interceptor.Client, error) {
	opts = append(opts, interceptor.Logger(slog.New(slog.DiscardHandler)))
	if wire != nil {
		opts = append(opts, interceptor.Transport(wire))
	}
	return interceptor.NewClient(policy, name, opts...)
}

// token asks for the token: the client's own, or, if there is a subject, one in
// exchange for that. The error is a *diagnosis.
func (a *asker) token(ctx context.Context, subject string) (string, error) {
	token, err := fetch(ctx, a.client, a.target.Service, subject)
	if err != nil {
		return "", denied(a.name, a.target, subject != "", err)
	}
	return token, nil
}

// fetch returns the text of a client's token for a service.
func fetch(ctx context.Context, client *interceptor.Client, service, subject string) (string, error) {
	tokens, request, err := client.Tokens(service)
	if err != nil {
		return "", err
	}
	if subject != "" {
		request.Subject = tokensource.NewToken(subject, time.Time{})
		request.SubjectIssuer, _ = decode(subject).Claims["iss"].(string)
	}
	token, err := tokens.Token(ctx, request)
	return token.Reveal(), err
}
