package interceptor

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/metadata"

	"github.com/grpcaud/grpcaud/tokensource"
)

// AsService returns credentials with which a client calls as itself: each call
// carries a token for this audience from tokens. Calls wait for a token under their
// own deadlines. Use them for a connection
// ([google.golang.org/grpc.WithPerRPCCredentials]) or for a call, not for both.
//
// A mistake in the arguments, such as an empty audience, fails each call before
// it is sent. Credentials do not know the target of their connection: use them only
// for connections to this audience, or dial with a [Client], which checks where each
// token is sent.
func AsService(tokens tokensource.Source, aud string, opts ...CredentialsOption) credentials.PerRPCCredentials {
	return newPerRPC(asService, tokens, aud, opts)
}

// OnBehalfOf returns credentials with which a service calls another for the caller
// that it is serving: the token that admitted the caller is exchanged for one with
// this audience (RFC 8693). The call's context must be the context of a handler behind
// a [Server], or derived from it. The call fails with any other context, and if the
// exchange fails. The caller's token is sent only to the issuer that made it.
//
// No token is exchanged after the caller's call has ended: its handler has returned,
// its RPC or the lease of its stream has ended, or its token was revoked (see
// [Revocations]). That is so even if the context was detached from its cancellation.
// For work that is done later, use [audience.Record] and [AsService].
func OnBehalfOf(tokens tokensource.Source, aud string, opts ...CredentialsOption) credentials.PerRPCCredentials {
	return newPerRPC(onBehalfOf, tokens, aud, opts)
}

// Forward returns credentials with which a service passes on the unchanged token of
// the caller that it is serving. The target can use that token for everything that the
// service can; so the call is refused unless the token's aud names the target already.
// Like [OnBehalfOf], it needs the context of a handler whose call has not ended.
func Forward(aud string, opts ...CredentialsOption) credentials.PerRPCCredentials {
	return newPerRPC(forwardToken, nil, aud, opts)
}

// perRPC implements [credentials.PerRPCCredentials] for one audience.
type perRPC struct {
	propagation     propagation
	wire            wire
	invalid         error                     // a mistake in the arguments, returned by each call
	lastSent        atomic.Pointer[sentToken] // of asService: many calls carry the same token
	source          tokensource.Source        // nil for forwardToken
	request         tokensource.Request
	plan            *plan    // of the matrix; nil without one
	acceptedIssuers []string // whose tokens may be forwarded; nil if that is not known
	scopes          []string
	actor           actor
}

func newPerRPC(how propagation, source tokensource.Source, aud string, opts []CredentialsOption) *perRPC {
	c := &perRPC{propagation: how, source: source}
	for _, opt := range opts {
		opt.applyCredentials(c)
	}
	c.request = tokensource.Request{Audience: aud, Scope: strings.Join(c.scopes, " ")}
	c.invalid = c.check()
	return c
}

// check returns the first mistake in the arguments.
func (c *perRPC) check() error {
	if c.source == nil && c.propagation != forwardToken {
		return errors.New("interceptor: no source of tokens")
	}
	if c.request.Audience == "" {
		return errors.New("interceptor: empty audience")
	}
	for _, scope := range c.scopes {
		if scope == "" || strings.ContainsAny(scope, " \t\r\n") {
			return fmt.Errorf("interceptor: scope %q is not one scope", scope)
		}
	}
	if c.actor != (actor{}) {
		if err := c.actor.check(c.propagation); err != nil {
			return err
		}
	}
	return c.wire.check()
}

// RequireTransportSecurity implements [credentials.PerRPCCredentials].
func (c *perRPC) RequireTransportSecurity() bool { return !c.wire.allowsPlaintext() }

// GetRequestMetadata implements [credentials.PerRPCCredentials]. It checks the
// connection before it asks for a token, and its errors are statuses.
func (c *perRPC) GetRequestMetadata(ctx context.Context, _ ...string) (map[string]string, error) {
	info, _ := credentials.RequestInfoFromContext(ctx)
	return c.metadata(ctx, info, attemptFrom(ctx))
}

// metadata returns the header with the token of one attempt; a is nil if the call has
// not passed the client's interceptors.
func (c *perRPC) metadata(ctx context.Context, info credentials.RequestInfo, a *attempt) (map[string]string, error) {
	if err := c.checkCall(ctx, info); err != nil {
		return nil, a.failUnsent(c.propagation.unsentCode(err), err)
	}
	t, err := c.token(ctx)
	if err != nil {
		return nil, a.failUnsent(c.propagation.unsentCode(err), err)
	}
	a.record(t)
	return t.header, nil
}

// checkCall refuses calls that must not carry a token.
func (c *perRPC) checkCall(ctx context.Context, info credentials.RequestInfo) error {
	switch {
	case c.invalid != nil:
		return c.invalid
	case !c.wire.carries(info.AuthInfo):
		return c.wire.refusal()
	case hasAuthorization(ctx):
		return errors.New("interceptor: the call has an authorization value already; remove it, or leave these credentials out")
	}
	return nil
}

// hasAuthorization reports whether the metadata of a call hold credentials already.
func hasAuthorization(ctx context.Context) bool {
	outgoing, _ := metadata.FromOutgoingContext(ctx)
	return len(outgoing[authorization]) > 0
}

// unsentCode returns the code of a call that is not sent because of err. A call for a
// caller or a user is UNAUTHENTICATED only if a new login helps, so that no front end sends
// its user to log in again and again because of a mistake in the configuration. That is
// INTERNAL: gRPC allows credentials no FAILED_PRECONDITION (gRFC A54).
func (p propagation) unsentCode(err error) codes.Code {
	code := codeOfToken(err)
	if _, ended := errors.AsType[callerEndedError](err); ended || p == asService || code != codes.Unauthenticated {
		return code
	}
	return codes.Internal
}

// codeOfToken returns the code for an error because of which a call has no token: the
// issuer could not be reached, the call's context ended, or the issuer refused. The
// issuer's failure comes first because a slow issuer ends the context as well.
func codeOfToken(err error) codes.Code {
	switch {
	case errors.Is(err, tokensource.ErrUnavailable), errors.Is(err, tokensource.ErrClosed):
		return codes.Unavailable
	case errors.Is(err, context.Canceled):
		return codes.Canceled
	case errors.Is(err, context.DeadlineExceeded):
		return codes.DeadlineExceeded
	default:
		return codes.Unauthenticated
	}
}
