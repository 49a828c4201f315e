package interceptor

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	"github.com/grpcaud/grpcaud/audience"
	"github.com/grpcaud/grpcaud/tokensource"
)

// TokenSource hands out tokens; [tokensource.Source] is one. It must be safe
// for concurrent use.
type TokenSource interface {
	Token(ctx context.Context, r tokensource.Request) (tokensource.Token, error)
}

// TokenFunc is a function that is a [TokenSource].
type TokenFunc func(ctx context.Context, r tokensource.Request) (tokensource.Token, error)

// Token calls f.
func (f TokenFunc) Token(ctx context.Context, r tokensource.Request) (tokensource.Token, error) {
	return f(ctx, r)
}

// AsService returns credentials with which a client calls as itself: each call
// carries a token that tokens got for this audience. Calls wait for a token
// under their own deadlines. Use them for a connection
// ([google.golang.org/grpc.WithPerRPCCredentials]) or for a call, not for both.
//
// A mistake in the arguments, such as an empty audience, fails each call before
// it is sent.
func AsService(tokens TokenSource, aud string, opts ...CredentialsOption) credentials.PerRPCCredentials {
	return newPerRPC(tokens, aud, opts)
}

// OnBehalfOf returns credentials with which a service calls another for the
// caller that it is serving: the token which that call was admitted by is
// exchanged for one with this audience (RFC 8693). The call's context must be
// that of a handler behind [Server], or come from it; anything else fails, and
// so does the call if the exchange does. The token is shown to the issuer that
// made it and to no other.
func OnBehalfOf(tokens TokenSource, aud string, opts ...CredentialsOption) credentials.PerRPCCredentials {
	if tokens == nil {
		return newPerRPC(nil, aud, opts)
	}
	exchange := func(ctx context.Context, r tokensource.Request) (tokensource.Token, error) {
		a, ok := admittedFrom(ctx)
		if !ok {
			return tokensource.Token{}, errNoCaller
		}
		r.Subject, r.SubjectIssuer = a.token, a.claims.Issuer()
		return tokens.Token(ctx, r)
	}
	return newPerRPC(TokenFunc(exchange), aud, opts)
}

// Forward returns credentials with which a service passes on the very token
// that it was called with. The target can do with it whatever the service can,
// so that is refused unless the token's aud names the target already. Like
// [OnBehalfOf] it needs the context of a handler.
func Forward(aud string, opts ...CredentialsOption) credentials.PerRPCCredentials {
	forward := func(ctx context.Context, r tokensource.Request) (tokensource.Token, error) {
		a, ok := admittedFrom(ctx)
		switch {
		case !ok:
			return tokensource.Token{}, errNoCaller
		case !slices.Contains(a.claims.Audience(), r.Audience):
			return tokensource.Token{}, fmt.Errorf("interceptor: the caller's token is for %q, not for %q; exchange it with OnBehalfOf", a.claims.Audience(), r.Audience)
		case !a.token.Valid():
			return tokensource.Token{}, errors.New("interceptor: the caller's token has expired")
		}
		return a.token, nil
	}
	return newPerRPC(TokenFunc(forward), aud, opts)
}

var errNoCaller = errors.New("interceptor: no admitted caller in the context; use that of the handler")

// perRPC implements [credentials.PerRPCCredentials].
type perRPC struct {
	tokens   TokenSource
	wire     wire
	scopes   []string
	request  tokensource.Request
	mistaken error // a mistake of whoever made it, told at each call
}

func newPerRPC(tokens TokenSource, aud string, opts []CredentialsOption) *perRPC {
	c := &perRPC{tokens: tokens}
	for _, opt := range opts {
		opt.applyCredentials(c)
	}
	c.request = tokensource.Request{Audience: aud, Scope: strings.Join(c.scopes, " ")}
	c.mistaken = c.check()
	return c
}

func (c *perRPC) check() error {
	if c.tokens == nil {
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
	return c.wire.check()
}

// RequireTransportSecurity implements [credentials.PerRPCCredentials].
func (c *perRPC) RequireTransportSecurity() bool { return c.wire.plaintext == "" }

// GetRequestMetadata implements [credentials.PerRPCCredentials]. It looks at
// the wire before it asks for a token, and its errors are statuses.
func (c *perRPC) GetRequestMetadata(ctx context.Context, _ ...string) (map[string]string, error) {
	call, _ := credentials.RequestInfoFromContext(ctx)
	switch {
	case c.mistaken != nil:
		return nil, failed(codes.Unauthenticated, c.mistaken)
	case !c.wire.carries(call.AuthInfo):
		return nil, failed(codes.Unauthenticated, c.wire.refusal())
	case present(ctx):
		return nil, failed(codes.Unauthenticated, errors.New("interceptor: the call carries an authorization value already"))
	}
	token, err := c.tokens.Token(ctx, c.request)
	if err != nil {
		return nil, failed(codeOfToken(err), err)
	}
	return map[string]string{authorization: "Bearer " + token.Reveal()}, nil
}

func present(ctx context.Context) bool {
	outgoing, _ := metadata.FromOutgoingContext(ctx)
	return len(outgoing.Get(authorization)) > 0
}

// codeOfToken tells what keeps a call from getting a token: an issuer that
// cannot be asked, the call's own context, or a refusal. The first comes first,
// since the issuer's slowness is a deadline as well.
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

// failed is the status of a call that was not sent for want of a token. Its
// detail tells a server further up that the text is for its own log: see
// passedOn.
func failed(code codes.Code, err error) error {
	reason := audience.ReasonTokenNotObtained
	if code == codes.Unavailable {
		reason = audience.ReasonIssuerUnavailable
	}
	st := status.New(code, err.Error())
	if detailed, err := st.WithDetails(&errdetails.ErrorInfo{Reason: string(reason), Domain: Domain}); err == nil {
		st = detailed
	}
	return st.Err()
}
