package interceptor

import (
	"errors"
	"fmt"
	"log/slog"
	"net/http"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/metric"

	"github.com/grpcaud/grpcaud/audience/verifier"
	"github.com/grpcaud/grpcaud/tokensource"
)

// ServerOption adjusts a [Server]. None turns a check off.
type ServerOption interface{ applyServer(*serverOptions) }

// Option adjusts a [Server] or a [Client]; where they differ, its text says so.
type Option interface {
	ServerOption
	ClientOption
}

// CredentialsOption adjusts what [AsService], [OnBehalfOf] and [Forward]
// return.
type CredentialsOption interface{ applyCredentials(*perRPC) }

type serverOptions struct {
	wire     wire
	log      *slog.Logger
	oneIn    int
	meters   metric.MeterProvider
	verifier []verifier.Option
	callOptions
	errs []error // what is wrong with the options themselves
}

// newServerOptions applies the options, and says what is wrong with them.
func newServerOptions(opts []ServerOption) (serverOptions, error) {
	o := serverOptions{log: slog.Default(), meters: otel.GetMeterProvider()}
	for _, opt := range opts {
		if opt == nil {
			o.refuse(errors.New("interceptor: a nil option"))
			continue
		}
		opt.applyServer(&o)
	}
	return o, errors.Join(append(o.errs, o.wire.check(), o.checkKept())...)
}

// refuse has [NewServer] fail for a mistake in an option.
func (o *serverOptions) refuse(err error) { o.errs = append(o.errs, err) }

type serverOption func(*serverOptions)

func (f serverOption) applyServer(o *serverOptions) { f(o) }

// option is one of servers and of clients.
type option struct {
	server func(*serverOptions)
	client func(*clientOptions)
}

func (o option) applyServer(to *serverOptions) { o.server(to) }

func (o option) applyClient(to *clientOptions) { o.client(to) }

// Logger sets where decisions are logged, one line for each: refused calls as
// warnings, admitted ones at debug level (but see [SampleAdmitted]), streams
// that are ended while they run as information. The default is [slog.Default];
// nil is an error. A line that the logger does not want costs nothing.
//
// Each line has method, stream, decision (admitted, refused, would_refuse or
// ended), mode, request_id (as the peer was told or sent it, else empty) and
// took (of a stream that is ended, how long it ran). Of a genuine token it has
// issuer, client, user, chain (the parties that act for the user) and token: the
// first 8 bytes, in hex, of the SHA-256 of its jti. Of a refusal it has reason
// and code, as the peer was told, and cause, error and explain, which are for
// the operator alone. No token is ever logged.
//
// Where a handler hands on the refusal of another service, which its peer is not
// told, there is a warning "a call to another service was refused", with method,
// request_id, and refusal: the code, reason and request_id of the other service.
//
// A client logs what [tokensource.Logger] says.
func Logger(l *slog.Logger) Option {
	err := absent(l == nil, "logger; to log nothing, give it slog.DiscardHandler")
	return option{
		func(o *serverOptions) { o.log, o.errs = l, append(o.errs, err) },
		func(o *clientOptions) { o.log, o.errs = l, append(o.errs, err) },
	}
}

// absent returns the error about an argument that is nil where it must not be.
func absent(is bool, what string) error {
	if !is {
		return nil
	}
	return errors.New("interceptor: nil " + what)
}

// SampleAdmitted logs one of n admitted calls, chosen by chance, at the level
// of information; 1 is all of them. The default is none.
func SampleAdmitted(n int) ServerOption {
	return serverOption(func(o *serverOptions) {
		if o.oneIn = n; n < 1 {
			o.refuse(fmt.Errorf("interceptor: one of %d admitted calls is sampled, want at least 1", n))
		}
	})
}

// MeterProvider sets who makes the instruments of the server's metrics. The
// default is the global one of OpenTelemetry; nil is an error. The metrics are:
//
//   - grpcaud.server.decisions, how many, by rpc.service, rpc.method, decision,
//     reason (empty for admitted calls) and mode;
//   - grpcaud.server.duration, how long judging took, in seconds, by
//     rpc.service, rpc.method and decision;
//   - grpcaud.server.leases, the streams that run under a lease;
//   - grpcaud.server.cache.hits and .misses, of the cache of verified tokens;
//   - grpcaud.server.keys.age (in seconds), .fetches, .failures and .skipped, by
//     issuer: the configured URL;
//   - grpcaud.server.introspection.stale, the answers about tokens that were
//     given after their time because the issuer could not be asked, by issuer.
//
// No label has a value that a token or a stranger chose: methods without a rule
// count as "other", and so do those beyond the first 512.
//
// Those of a client are listed at [tokensource.MeterProvider]. Both have
// grpcaud.insecure: 1 for each option that takes a protection off.
func MeterProvider(p metric.MeterProvider) Option {
	err := absent(p == nil, "meter provider")
	return option{
		func(o *serverOptions) { o.meters, o.errs = p, append(o.errs, err) },
		func(o *clientOptions) { o.meters, o.errs = p, append(o.errs, err) },
	}
}

// Transport sets what carries requests to the issuers; see [verifier.Transport]
// and [tokensource.Transport] for the defaults.
func Transport(t http.RoundTripper) Option {
	return option{
		func(o *serverOptions) { o.verifier = append(o.verifier, verifier.Transport(t)) },
		func(o *clientOptions) { o.source = append(o.source, tokensource.Transport(t)) },
	}
}

// Verifier adjusts how tokens are verified: the cache of verified tokens, keys
// that are not fetched, how often strangers may have an issuer asked. See the
// options of package verifier for the defaults.
func Verifier(opts ...verifier.Option) ServerOption {
	return serverOption(func(o *serverOptions) { o.verifier = append(o.verifier, opts...) })
}

// PlaintextOption is what [AllowPlaintext] returns: an option of servers and
// clients alike.
type PlaintextOption struct{ plaintext Plaintext }

// AllowPlaintext lets tokens travel over a wire without encryption. The default
// is to refuse it: a server answers UNAUTHENTICATED, a client fails before it
// asks for a token (RFC 6750, section 5.3). There are [Loopback] and [Mesh].
func AllowPlaintext(over Plaintext) PlaintextOption { return PlaintextOption{over} }

func (p PlaintextOption) applyServer(o *serverOptions) { o.wire.plaintext = p.plaintext }

func (p PlaintextOption) applyClient(o *clientOptions) { o.wire.plaintext = p.plaintext }

func (p PlaintextOption) applyCredentials(c *perRPC) { c.wire.plaintext = p.plaintext }

type credentialsOption func(*perRPC)

func (f credentialsOption) applyCredentials(c *perRPC) { f(c) }

// Scopes asks for these scopes besides the audience. The default is to ask for
// none, which issuers answer with what the client may have.
func Scopes(scopes ...string) CredentialsOption {
	return credentialsOption(func(c *perRPC) { c.scopes = append(c.scopes, scopes...) })
}
