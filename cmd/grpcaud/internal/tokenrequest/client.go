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

	"github.com/grpcaud/grpcaud/audience/access"
	"github.com/grpcaud/grpcaud/cmd/grpcaud/internal/cli"
	"github.com/grpcaud/grpcaud/cmd/grpcaud/internal/descriptor"
	"github.com/grpcaud/grpcaud/cmd/grpcaud/internal/explain"
	"github.com/grpcaud/grpcaud/cmd/grpcaud/internal/files"
	"github.com/grpcaud/grpcaud/cmd/grpcaud/internal/output"
	"github.com/grpcaud/grpcaud/interceptor"
	"github.com/grpcaud/grpcaud/tokensource"
)

// Options says as which client to ask for a token, and for which service.
type Options struct {
	client, Service string
	anyway          bool
	descriptors     string
	issuerCA        string
	Timeout         time.Duration
}

// Flags gives cmd the flags that are the same wherever a token is asked for.
func (a *Options) Flags(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.StringVar(&a.client, "as", "", "the client of the matrix to be (required)")
	flags.StringVar(&a.Service, "for", "", "the service of the matrix, or the API of others, that is called (required)")
	flags.BoolVar(&a.anyway, "anyway", false, "ask although the matrix does not let the client call the service")
	flags.StringVar(&a.descriptors, "descriptors", "", descriptor.Usage)
	flags.DurationVar(&a.Timeout, "timeout", 30*time.Second, "how long to wait for everything together")
	cli.IssuerCAFlag(cmd, &a.issuerCA)
	_ = cmd.MarkFlagRequired("as")
	_ = cmd.MarkFlagRequired("for")
	cli.Complete(cmd, "as", cli.FromMatrix(files.ClientNames))
	cli.Complete(cmd, "for", cli.FromMatrix(files.ServiceNames))
}

// Request is a client of the matrix with the service that it asks for. Close its
// client.
type Request struct {
	Policy      *access.Policy // as the file has it
	Descriptors descriptor.Set
	ClientName  string // of the client
	Target      access.Target
	Transport   http.RoundTripper // to issuers; nil for the default
	Client      *interceptor.Client
}

// Open reads the matrix at path. If that does not let the client call the
// service, the error is a *diagnosis.
func (a *Options) Open(cmd *cobra.Command, path string, opts ...interceptor.ClientOption) (*Request, error) {
	policy, set, err := files.Load(cmd, path, a.descriptors)
	if err != nil {
		return nil, err
	}
	m := policy.Matrix()
	err = errors.Join(files.CheckName("client", a.client, maps.Keys(m.Clients)), files.CheckName("service", a.Service, slices.Values(files.ServiceNames(m))))
	if err != nil {
		return nil, err
	}
	asked := policy
	if a.anyway {
		if asked, err = Permissive(policy); err != nil {
			return nil, err
		}
	}
	target, err := asked.Target(a.client, a.Service)
	if err != nil {
		return nil, a.notAllowedDiagnosis(err)
	}
	wire, err := files.IssuerTransport(a.issuerCA)
	if err != nil {
		return nil, err
	}
	client, err := NewClient(asked, a.client, wire, opts...)
	return &Request{policy, set, a.client, target, wire, client}, err
}

// notAllowedDiagnosis says that the matrix does not let the client call the service.
func (a *Options) notAllowedDiagnosis(err error) *Diagnosis {
	d := &Diagnosis{Client: a.client, Service: a.Service, Result: notAllowed, Text: output.StripPackage(err.Error())}
	if !a.anyway {
		d.Fix = "if it is to call, name it under clients of an entry of the service; --anyway shows what the issuer and the server say as things are"
	}
	return d
}

// NewClient returns a client of policy that logs nothing: what there is to say of
// its tokens, the command says.
func NewClient(policy *access.Policy, name string, wire http.RoundTripper, opts ...interceptor.ClientOption) (*interceptor.Client, error) {
	opts = append(opts, interceptor.Logger(slog.New(slog.DiscardHandler)))
	if wire != nil {
		opts = append(opts, interceptor.Transport(wire))
	}
	return interceptor.NewClient(policy, name, opts...)
}

// Token asks for the token: the client's own, or, if there is a subject, one in
// exchange for that. The error is a *diagnosis.
func (a *Request) Token(ctx context.Context, subject string) (string, error) {
	token, err := Fetch(ctx, a.Client, a.Target.Service, subject)
	if err != nil {
		return "", Diagnose(a.ClientName, a.Target, subject != "", err)
	}
	return token, nil
}

// Fetch returns the text of a client's token for a service.
func Fetch(ctx context.Context, client *interceptor.Client, service, subject string) (string, error) {
	tokens, request, err := client.Tokens(service)
	if err != nil {
		return "", err
	}
	if subject != "" {
		request.Subject = tokensource.NewToken(subject, time.Time{})
		request.SubjectIssuer, _ = explain.Decode(subject).Claims["iss"].(string)
	}
	token, err := tokens.Token(ctx, request)
	return token.Reveal(), err
}
