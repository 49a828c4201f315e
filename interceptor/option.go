package interceptor

import (
	"log/slog"
	"net/http"
	"time"

	"github.com/grpcaud/grpcaud/audience/verifier"
)

// ServerOption adjusts a [Server]. None turns a check off.
type ServerOption interface{ applyServer(*serverOptions) }

// CredentialsOption adjusts what [AsService], [OnBehalfOf] and [Forward]
// return.
type CredentialsOption interface{ applyCredentials(*perRPC) }

type serverOptions struct {
	wire     wire
	log      *slog.Logger
	verifier []verifier.Option
}

type serverOption func(*serverOptions)

func (f serverOption) applyServer(o *serverOptions) { f(o) }

// Logger sets where decisions are logged: refused calls as warnings, admitted
// ones at debug level. The default is [slog.Default]. No token is ever logged.
func Logger(l *slog.Logger) ServerOption {
	return serverOption(func(o *serverOptions) { o.log = l })
}

// Transport sets what carries the server's requests to the issuers; see
// [verifier.Transport] for the default.
func Transport(t http.RoundTripper) ServerOption {
	return serverOption(func(o *serverOptions) { o.verifier = append(o.verifier, verifier.Transport(t)) })
}

// KeyCooldown sets how often tokens of unknown keys may have an issuer asked
// for its keys; by default once in 30 seconds. See [verifier.Cooldown].
func KeyCooldown(d time.Duration) ServerOption {
	return serverOption(func(o *serverOptions) { o.verifier = append(o.verifier, verifier.Cooldown(d)) })
}

// PlaintextOption is what [AllowPlaintext] returns: an option of servers and
// clients alike.
type PlaintextOption struct{ plaintext Plaintext }

// AllowPlaintext lets tokens travel over a wire without encryption. The default
// is to refuse it: a server answers UNAUTHENTICATED, a client fails before it
// asks for a token (RFC 6750, section 5.3).
func AllowPlaintext(over Plaintext) PlaintextOption { return PlaintextOption{over} }

func (p PlaintextOption) applyServer(o *serverOptions) { o.wire.plaintext = p.plaintext }

func (p PlaintextOption) applyCredentials(c *perRPC) { c.wire.plaintext = p.plaintext }

type credentialsOption func(*perRPC)

func (f credentialsOption) applyCredentials(c *perRPC) { f(c) }

// Scopes asks for these scopes besides the audience. The default is to ask for
// none, which issuers answer with what the client may have.
func Scopes(scopes ...string) CredentialsOption {
	return credentialsOption(func(c *perRPC) { c.scopes = append(c.scopes, scopes...) })
}
