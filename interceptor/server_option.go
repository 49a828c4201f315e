package interceptor

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/metric"

	"github.com/grpcaud/grpcaud/audience/decision"
	"github.com/grpcaud/grpcaud/audience/revocation"
	"github.com/grpcaud/grpcaud/audience/verifier"
	"github.com/grpcaud/grpcaud/internal/admission"
	"github.com/grpcaud/grpcaud/internal/hiddenheader"
)

// ServerOption adjusts a [Server]. None turns a check off.
type ServerOption interface{ applyServer(*serverOptions) }

type serverOptions struct {
	config          admission.Config // without the fields that NewServer sets
	wire            wire
	meters          metric.MeterProvider
	peerCertificate func(context.Context) *x509.Certificate
	strip           hiddenheader.Names // hidden in addition to those of the default
	keep            []string           // not hidden although the default has them
	inPlace         bool               // streams end when their handlers next use them
	errs            []error            // mistakes in the options themselves
}

// newServerOptions applies the options, and returns the mistakes in them.
func newServerOptions(opts []ServerOption) (serverOptions, error) {
	o := serverOptions{
		config: admission.Config{Log: slog.Default(), RefusalWindow: refusalWindow},
		meters: otel.GetMeterProvider(), peerCertificate: tlsCertificate,
	}
	for _, opt := range opts {
		if opt == nil {
			o.refuse(errors.New("interceptor: a nil option"))
			continue
		}
		opt.applyServer(&o)
	}
	return o, errors.Join(append(o.errs, o.wire.check(), hiddenheader.CheckKept(o.keep, o.strip))...)
}

// refuse makes [NewServer] fail for a mistake in an option.
func (o *serverOptions) refuse(err error) { o.errs = append(o.errs, err) }

// reportInsecure reports in log and metrics which options turn off a protection.
func (o *serverOptions) reportInsecure() error {
	if err := o.wire.reportInsecure(o.config.Log, o.meters); err != nil {
		return err
	}
	if !o.config.IgnoreStreamExpiry {
		return nil
	}
	return reportInsecure(o.config.Log, o.meters, endlessStreams, "InsecureIgnoreStreamExpiry")
}

// endlessStreams is the log text of an option with which streams do not end with their
// tokens.
const endlessStreams = "streams go on after their tokens have ended"

type serverOption func(*serverOptions)

func (f serverOption) applyServer(o *serverOptions) { f(o) }

// SampleAdmitted logs a random one of n admitted calls at info level; 1 logs all of
// them. The default is none.
func SampleAdmitted(n int) ServerOption {
	return serverOption(func(o *serverOptions) {
		if o.config.SampleAdmitted = n; n < 1 {
			o.refuse(fmt.Errorf("interceptor: one of %d admitted calls is sampled, want at least 1", n))
		}
	})
}

// DecisionRecords sets what receives a record of each decision: a file
// ([decision.OpenFile]), a logger ([decision.Logger]), or something of your own. users is
// the form in which records name users. No record is left out, also not of calls of public
// methods. The default is no records; a nil recorder is an error. What receives the
// records must not block, and is not closed by [Server.Close]: close it afterwards.
func DecisionRecords(to decision.Recorder, users decision.Users) ServerOption {
	return serverOption(func(o *serverOptions) {
		if o.config.Decisions, o.config.Users = to, users; to == nil {
			o.refuse(errors.New("interceptor: nil recorder of decisions; leave the option out for no records"))
		}
	})
}

// SampleRefused sets how long refusals of one kind share a log line. The first one in
// each window is written; the others are counted, and the count is logged as
// [Logger] says. The default is 10 seconds. With 0 each refusal has a line: then
// anybody who can reach the server can fill the log.
func SampleRefused(window time.Duration) ServerOption {
	return serverOption(func(o *serverOptions) {
		if o.config.RefusalWindow = window; window < 0 {
			o.refuse(fmt.Errorf("interceptor: refusals share a log line for %v, want 0 or more", window))
		}
	})
}

// VerifierOptions adjusts how tokens are verified: the cache of verified tokens, keys
// that are not fetched, and how often unknown tokens may cause requests to an
// issuer. See the options of package verifier for the defaults.
func VerifierOptions(opts ...verifier.Option) ServerOption {
	return serverOption(func(o *serverOptions) { o.config.Verifier = append(o.config.Verifier, opts...) })
}

// Revocations sets the checker that knows which tokens were revoked. By default
// there is none, and revocations are not checked. The checker is called for each
// call after all other checks have passed, so that a revocation counts from the next
// call on. It is called again when a handler calls another service for its caller
// ([OnBehalfOf], [Forward]). It gets the call's own context, with the metadata that
// the client sent. For a running stream it is called once a second: a stream ends
// within a second of the revocation of its token, plus the time that the checker
// takes; within a quarter of a second if the checker is a [revocation.Counter]. If the checker does not know, calls fail with UNAVAILABLE, also the calls of
// handlers to other services, but running streams go on; if it is a
// [revocation.Readier] that is not ready, they end with UNAVAILABLE too. A nil checker is
// an error.
func Revocations(r revocation.Checker) ServerOption {
	return serverOption(func(o *serverOptions) {
		if o.config.Revocations = r; r == nil {
			o.refuse(errors.New("interceptor: nil revocations; leave the option out if revocations are not checked"))
		}
	})
}

// PeerCertificate sets the function that returns the certificate that the client
// proved to hold. It is needed for tokens that are bound to a certificate (RFC 8705,
// section 3), and called only for them and for refused calls, since the log and
// [Server.WouldRefuse] name the certificate. The default is the leaf certificate of the
// connection's TLS. Set it if a trusted proxy ends TLS: a function that reads the
// certificate from metadata must make sure that the proxy wrote it (RFC 9700, section
// 4.13). The function gets the call's own context, with the metadata that the client
// sent, also when a running stream is judged again. It returns nil if there is no
// certificate, and must be safe for concurrent use. A nil function is an error.
func PeerCertificate(of func(context.Context) *x509.Certificate) ServerOption {
	return serverOption(func(o *serverOptions) {
		if o.peerCertificate = of; of == nil {
			o.refuse(errors.New("interceptor: nil function for the peer's certificate"))
		}
	})
}
