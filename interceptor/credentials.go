package interceptor

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	"github.com/grpcaud/grpcaud/audience"
	"github.com/grpcaud/grpcaud/tokensource"
)

// AsService returns credentials with which a client calls as itself: each call
// carries a token that tokens got for this audience. Calls wait for a token
// under their own deadlines. Use them for a connection
// ([google.golang.org/grpc.WithPerRPCCredentials]) or for a call, not for both.
//
// A mistake in the arguments, such as an empty audience, fails each call before
// it is sent. Credentials alone cannot know where their connection leads: use
// them for connections to this audience only, or make them from the matrix with
// [NewClient], which holds a token to the places that it may be sent to.
func AsService(tokens tokensource.Source, aud string, opts ...CredentialsOption) credentials.PerRPCCredentials {
	return newPerRPC(asService, tokens, aud, opts)
}

// OnBehalfOf returns credentials with which a service calls another for the
// caller that it is serving: the token which that call was admitted by is
// exchanged for one with this audience (RFC 8693). The call's context must be
// that of a handler behind [Server], or come from it; anything else fails, and
// so does the call if the exchange does. The token is shown to the issuer that
// made it and to no other.
//
// Nothing is exchanged once that call has ended: its handler has returned, its RPC
// or the lease of its stream has ended, or its token was revoked (see
// [Revocations]), also if the context was detached from its cancellation. For
// work that is done later there are [audience.Record] and [AsService].
func OnBehalfOf(tokens tokensource.Source, aud string, opts ...CredentialsOption) credentials.PerRPCCredentials {
	return newPerRPC(onBehalfOf, tokens, aud, opts)
}

// Forward returns credentials with which a service passes on the very token
// that it was called with. The target can do with it whatever the service can,
// so that is refused unless the token's aud names the target already. Like
// [OnBehalfOf] it needs the context of a handler whose call has not ended.
func Forward(aud string, opts ...CredentialsOption) credentials.PerRPCCredentials {
	return newPerRPC(forward, nil, aud, opts)
}

// perRPC implements [credentials.PerRPCCredentials] for one audience.
type perRPC struct {
	verb     verb
	wire     wire
	mistaken error                     // a mistake of whoever made it, told at each call
	last     atomic.Pointer[presented] // of a request without a subject: many calls carry the same token
	tokens   tokensource.Source        // nil for forward
	request  tokensource.Request
	accepts  []string // the issuers whose tokens may be forwarded; nil if that is not known
	scopes   []string
	actor    actor
}

func newPerRPC(v verb, tokens tokensource.Source, aud string, opts []CredentialsOption) *perRPC {
	c := &perRPC{verb: v, tokens: tokens}
	for _, opt := range opts {
		opt.applyCredentials(c)
	}
	c.request = tokensource.Request{Audience: aud, Scope: strings.Join(c.scopes, " ")}
	c.mistaken = c.check()
	return c
}

func (c *perRPC) check() error {
	if c.tokens == nil && c.verb != forward {
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
		if err := c.actor.check(c.verb); err != nil {
			return err
		}
	}
	return c.wire.check()
}

// RequireTransportSecurity implements [credentials.PerRPCCredentials].
func (c *perRPC) RequireTransportSecurity() bool { return c.wire.plaintext == "" }

// GetRequestMetadata implements [credentials.PerRPCCredentials]. It looks at
// the wire before it asks for a token, and its errors are statuses.
func (c *perRPC) GetRequestMetadata(ctx context.Context, _ ...string) (map[string]string, error) {
	info, _ := credentials.RequestInfoFromContext(ctx)
	return c.metadata(ctx, info, outgoingFrom(ctx))
}

func (c *perRPC) metadata(ctx context.Context, info credentials.RequestInfo, out *outgoing) (map[string]string, error) {
	if err := c.may(ctx, info); err != nil {
		return nil, out.fail(codes.Unauthenticated, err)
	}
	p, err := c.find(ctx)
	if err != nil {
		return nil, out.fail(codeOfToken(err), err)
	}
	out.note(p)
	return p.header, nil
}

// may refuses a call that must not bear a token.
func (c *perRPC) may(ctx context.Context, info credentials.RequestInfo) error {
	switch {
	case c.mistaken != nil:
		return c.mistaken
	case !c.wire.carries(info.AuthInfo):
		return c.wire.refusal()
	case present(ctx):
		return errors.New("interceptor: the call carries an authorization value already")
	}
	return nil
}

func present(ctx context.Context) bool {
	outgoing, _ := metadata.FromOutgoingContext(ctx)
	return len(outgoing[authorization]) > 0
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

// callerEndedKey is the key of the ErrorInfo's metadata of a call that was not sent
// because the token of the caller has ended or was revoked: a new one mends it.
const callerEndedKey = "caller"

// callerEnded is why there is no token for a caller, if the caller's own has ended.
type callerEnded struct{ error }

func (e callerEnded) Unwrap() error { return e.error }

// failed is the status of a call that was not sent for want of a token. Its
// detail tells a server further up that the text is for its own log: see
// [Server.passOn].
func failed(code codes.Code, err error) error {
	reason := audience.ReasonTokenNotObtained
	if code == codes.Unavailable {
		reason = audience.ReasonIssuerUnavailable
	}
	info := &errdetails.ErrorInfo{Reason: string(reason), Domain: Domain}
	if _, ended := errors.AsType[callerEnded](err); ended {
		info.Metadata = map[string]string{callerEndedKey: "ended"}
	}
	st := status.New(code, err.Error())
	if detailed, err := st.WithDetails(info); err == nil {
		st = detailed
	}
	return st.Err()
}

// fail notes that the call is not sent, and returns its status.
func (o *outgoing) fail(code codes.Code, err error) error {
	o.note(&presented{failed: true})
	return failed(code, err)
}
