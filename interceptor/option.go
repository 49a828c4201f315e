package interceptor

import (
	"errors"
	"log/slog"
	"net/http"
	"time"

	"go.opentelemetry.io/otel/metric"

	"github.com/grpcaud/grpcaud/audience/verifier"
	"github.com/grpcaud/grpcaud/tokensource"
)

// Option adjusts a [Server] or a [Client]. The comment of each option says how the
// two differ.
type Option interface {
	ServerOption
	ClientOption
}

// option is an option of servers and of clients.
type option struct {
	server func(*serverOptions)
	client func(*clientOptions)
}

func (o option) applyServer(to *serverOptions) { o.server(to) }

func (o option) applyClient(to *clientOptions) { o.client(to) }

// Logger sets the logger of decisions. Each decision has one line, but repeated
// refusals share lines. Refused calls are logged at warn level, admitted calls at
// debug level (but see [SampleAdmitted]), and streams that are ended while they run
// at info level. The default is [slog.Default]; nil is an error. A line below the
// logger's level costs nothing.
//
// Each line has method, stream, decision (admitted, refused, would_refuse or
// ended), mode, request_id (as sent to or by the peer, else empty) and took (for a
// stream that is ended, how long it ran). For a genuine token the line has issuer,
// client, user, chain (the parties that act for the user) and token: the first 8
// bytes, in hex, of the SHA-256 of its jti. For a refusal it has peer (the address
// that the call comes from; behind a proxy, the proxy's), user_agent (as the peer sent
// it) and certificate (the name in the client's certificate, see [WouldBeRefused]), if
// they are known; reason and code, as sent to the peer; and cause, error and explain
// (the entry of the matrix, and which other checks fail or pass), which are only for
// the operator. A line has no stream if [Server.AuthFunc] judges, which is not told. A
// token is never logged.
//
// A line takes at most 2 KiB as slog's handlers write it, without the attributes of
// the logger itself. A value that is too long is cut, and ends with the number of
// missing bytes. Characters that cannot be printed are replaced.
//
// Refusals are of one kind if they have the same decision, method, reason, cause,
// client, peer (without its port) and certificate. The first refusal of a kind has a
// line. The next line of this kind comes after 10 seconds ([SampleRefused]) at the
// earliest; its field repeated counts the refusals in between, and request_ids has the
// ids of the last 8 of them. If no further refusal comes, a line "more calls refused"
// reports them within about a second, with method, decision, issuer, client, peer,
// certificate, reason, cause, repeated and request_ids. All methods that the matrix
// does not name count as one method, "other". Callers with a genuine token cause at
// most 16 such lines at once and then 4 in a second, in at most 256 kinds; the same
// limits apply separately to callers without a genuine token. Refusals beyond these
// limits are counted in the field repeated of a line "more refusals of too many kinds
// to name", at most one line in 10 seconds. [Server.Close] writes the counts that are
// not yet logged. Metrics count every refusal.
//
// If a handler returns the refusal of another service, the peer is not told about
// that refusal. The log has a warning "a call to another service was refused" with
// method, request_id, and refusal: the service, method, code, reason and request_id of
// the other service, as far as they are known. Repeated warnings share lines in the same
// way.
//
// A [Client] logs as a warning each call that another service refuses, and each call
// that it cannot send because there is no token, with client, service, method, code,
// reason, request_id and, if it was not sent, error. At info level it logs each stream
// that is ended. Repeated calls and streams share lines in the same way. For the lines
// about its tokens see [tokensource.Logger].
func Logger(l *slog.Logger) Option {
	err := absent(l == nil, "logger; to log nothing, give it slog.DiscardHandler")
	return option{
		func(o *serverOptions) { o.config.Log, o.errs = l, append(o.errs, err) },
		func(o *clientOptions) { o.log, o.errs = l, append(o.errs, err) },
	}
}

// refusalWindow is how long refusals of one kind share a line by default.
const refusalWindow = 10 * time.Second

// absent returns the error about a nil argument.
func absent(is bool, what string) error {
	if !is {
		return nil
	}
	return errors.New("interceptor: nil " + what)
}

// MeterProvider sets the provider of the metrics' instruments. The default is the
// global one of OpenTelemetry; nil is an error. The metrics of a server are:
//
//   - grpcaud.server.decisions, a count of decisions by rpc.service, rpc.method,
//     decision, reason (empty for admitted calls), mode and client (its name in the
//     matrix, "other" if it has none there, empty without a genuine token);
//   - grpcaud.server.duration, how long a decision took, in seconds, by
//     rpc.service, rpc.method and decision;
//   - grpcaud.server.leases, the streams that run under a lease;
//   - grpcaud.server.cache.hits and .misses, of the cache of verified tokens;
//   - grpcaud.server.keys.age (in seconds), .fetches, .failures and .skipped, by
//     issuer: the configured URL;
//   - grpcaud.server.introspection.stale, the cached answers about tokens that were
//     used after their time because the issuer could not be asked, by issuer;
//   - grpcaud.server.policy.generation, 1 for the policy in force, by generation
//     ([access.Policy.Generation]); .swaps and .reloads, the calls of [Server.Swap] and
//     of [Server.RecordReload], by outcome (applied or failed);
//   - grpcaud.server.rollout.end, the seconds until the next rollout of a service
//     ends, by service and mode; 0 when all have ended.
//
// No label has a value from a token or from an unknown peer. Methods that the matrix
// neither opens nor closes count as "other", and so do methods after the first 512 and
// clients after the first 256.
//
// A client counts in grpcaud.client.refusals the calls that were refused or not sent, by
// service (its name in the matrix), rpc.service, rpc.method and reason; those after the
// first 1024 series count as "other". [tokensource.MeterProvider] lists the metrics of its
// tokens. Servers and clients have grpcaud.insecure: 1 for each option that weakens a
// protection, for each host that the matrix names for plain http, and for a loopback
// address there.
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
		func(o *serverOptions) { o.config.Verifier = append(o.config.Verifier, verifier.Transport(t)) },
		func(o *clientOptions) { o.source = append(o.source, tokensource.Transport(t)) },
	}
}

// PlaintextOption is the result of [AllowPlaintext]: an option of servers and of
// clients.
type PlaintextOption struct{ plaintext Plaintext }

// AllowPlaintext lets tokens travel over connections without encryption: those of
// [Loopback], or of a [Mesh]. The default is to refuse such connections: a server
// answers UNAUTHENTICATED, and a client's call fails before a token is requested (RFC
// 6750, section 5.3).
func AllowPlaintext(over Plaintext) PlaintextOption { return PlaintextOption{over} }

func (p PlaintextOption) applyServer(o *serverOptions) { o.wire.plaintext = p.plaintext }

func (p PlaintextOption) applyClient(o *clientOptions) { o.wire.plaintext = p.plaintext }

func (p PlaintextOption) applyCredentials(c *perRPC) { c.wire.plaintext = p.plaintext }
