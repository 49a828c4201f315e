package tokenrequest

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
	"github.com/grpcaud/grpcaud/audience/access"
	"github.com/grpcaud/grpcaud/cmd/grpcaud/internal/cli"
	"github.com/grpcaud/grpcaud/cmd/grpcaud/internal/descriptor"
	"github.com/grpcaud/grpcaud/cmd/grpcaud/internal/files"
	"github.com/grpcaud/grpcaud/cmd/grpcaud/internal/output"
	"github.com/grpcaud/grpcaud/interceptor"
)

// Options are the flags of commands that request a token.
type Options struct {
	Client, Service string // as the matrix names them
	anyway          bool
	descriptors     string
	issuerCA        string
	Timeout         time.Duration
}

// Flags adds the flags to cmd. Whether --as is required is for the command to say.
func (a *Options) Flags(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.StringVar(&a.Client, "as", "", "the client of the matrix that requests the token")
	flags.StringVar(&a.Service, "for", "", "the service of the matrix, or the API of others, that the token is for (required)")
	flags.BoolVar(&a.anyway, "anyway", false, "request the token although the matrix does not let the client call the service")
	flags.StringVar(&a.descriptors, "descriptors", "", descriptor.Usage)
	flags.DurationVar(&a.Timeout, "timeout", 30*time.Second, "the time limit for all steps together")
	cli.IssuerCAFlag(cmd, &a.issuerCA)
	_ = cmd.MarkFlagRequired("for")
	cli.Complete(cmd, "as", cli.FromMatrix(files.ClientNames))
	cli.Complete(cmd, "for", cli.FromMatrix(files.ServiceNames))
}

// Request is the request of a client of the matrix for a token for a service. Close it.
type Request struct {
	Policy      *access.Policy // as written in the file
	Descriptors descriptor.Set
	ClientName  string // in the matrix
	Target      access.Target
	Transport   http.RoundTripper   // for requests to issuers; nil is the default
	Client      *interceptor.Client // nil if the token is there already
}

// Open reads the matrix at path. If that does not let the client call the service, the
// error is a [*Diagnosis].
func (a *Options) Open(cmd *cobra.Command, path string, opts ...interceptor.ClientOption) (*Request, error) {
	policy, set, err := a.load(cmd, path)
	if err != nil {
		return nil, err
	}
	effective := policy
	if a.anyway {
		if effective, err = Permissive(policy); err != nil {
			return nil, err
		}
	}
	target, err := effective.Target(a.Client, a.Service)
	if err != nil {
		return nil, a.notAllowedDiagnosis(err)
	}
	transport, err := files.IssuerTransport(a.issuerCA)
	if err != nil {
		return nil, err
	}
	client, err := NewClient(effective, a.Client, transport, opts...)
	return &Request{policy, set, a.Client, target, transport, client}, err
}

// OpenWithToken is [Options.Open] for a token that is there already. Nothing is
// requested, so that no client is needed, and the matrix need not let one call.
func (a *Options) OpenWithToken(cmd *cobra.Command, path, token string) (*Request, error) {
	policy, set, err := a.load(cmd, path)
	if err != nil {
		return nil, err
	}
	return &Request{Policy: policy, Descriptors: set, ClientName: a.Client, Target: targetOf(policy, a.Service, token)}, nil
}

// load reads the matrix at path, which must have the client, if there is one, and the
// service.
func (a *Options) load(cmd *cobra.Command, path string) (*access.Policy, descriptor.Set, error) {
	policy, set, err := files.Load(cmd, path, a.descriptors)
	if err != nil {
		return nil, set, err
	}
	m := policy.Matrix()
	err = files.CheckService(m, a.Service, slices.Values(files.ServiceNames(m)))
	if a.Client != "" {
		err = errors.Join(files.CheckName("client", a.Client, maps.Keys(m.Clients)), err)
	}
	return policy, set, err
}

// notAllowedDiagnosis is for a service that the client may not call.
func (a *Options) notAllowedDiagnosis(err error) *Diagnosis {
	d := &Diagnosis{Client: a.Client, Service: a.Service, Result: notAllowed, Text: output.StripPackage(err.Error())}
	if !a.anyway {
		d.Fix = "if it may call, name it under clients of an entry of the service; with --anyway the token is requested all the same"
	}
	return d
}

// NewClient returns a client of policy that does not log: commands report errors
// themselves.
func NewClient(policy *access.Policy, name string, transport http.RoundTripper, opts ...interceptor.ClientOption) (*interceptor.Client, error) {
	opts = append(opts, interceptor.Logger(slog.New(slog.DiscardHandler)))
	if transport != nil {
		opts = append(opts, interceptor.Transport(transport))
	}
	return interceptor.NewClient(policy, name, opts...)
}

// Close releases the client.
func (a *Request) Close() {
	if a.Client != nil {
		a.Client.Close()
	}
}

// Token requests the token: the client's own or, if there is a subject, one in exchange
// for that. The error is a [*Diagnosis].
func (a *Request) Token(ctx context.Context, subject Subject) (string, error) {
	token, err := Fetch(ctx, a.Client, a.Target.Service, subject)
	if err != nil {
		d := Diagnose(a.ClientName, a.Target, err)
		if !MayCall(a.Policy, a.ClientName, a.Target.Service) && refusesToken(err) {
			d.Fix = a.Situation(audience.ReasonAudienceMismatch, "").Remedy()
		}
		return "", d
	}
	return token, nil
}

// Fetch returns the text of a client's token for a service.
func Fetch(ctx context.Context, client *interceptor.Client, service string, subject Subject) (string, error) {
	tokens, request, err := client.Tokens(service)
	if err != nil {
		return "", err
	}
	request.Subject, request.SubjectIssuer = subject.Token, subject.Issuer
	token, err := tokens.Token(ctx, request)
	return token.Reveal(), err
}
