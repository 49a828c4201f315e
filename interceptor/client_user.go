package interceptor

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"sync/atomic"

	"go.opentelemetry.io/otel/metric/noop"
	"golang.org/x/oauth2"

	"github.com/grpcaud/grpcaud/internal/admission"
	"github.com/grpcaud/grpcaud/tokensource"
)

// ForUser returns a context for calls that a front end makes for a user who has logged in
// at it, on connections of [Client.DialOnBehalfOf], which exchange the user's access token,
// and of [Client.DialForward], which present it. Connections of [Client.Dial] call as the
// client itself in that context too.
//
// Issuer is the name in the matrix of the issuer at which the user has logged in: the one
// at which the client is registered. Tokens returns the user's access token, as the source
// of [oauth2.Config.TokenSource] does. Its own context must outlive the login's request.
//
// The front end vouches that tokens are those of the user whom it serves in ctx: that it
// got them from the issuer itself, in answer to this user's login, and found the user by a
// session of its own. Nothing else binds the user to the request.
//
// The source is asked when a call first needs a token, and again before the token ends, by
// the rules of [tokensource.Cache]: once for all calls with the context, and in the
// background while the token is good. A call waits for the source no longer than its own
// deadline. Before a token is sent to anyone, the client reads it by the preset of the
// issuer. It refuses a JWT of another issuer, of another client, without a user, or of
// another user than the one before it, and an ID token. It refuses an opaque token too, unless the matrix has introspection for the
// issuer; such a token is exchanged and never forwarded. See [Client.LoginRequired] for
// errors.
//
// The user's calls end with ctx, also those whose own context was detached from it: end it
// when the user logs out. It is an error if the matrix has no such issuer, if the client is
// registered at another, or may call no service with its tokens; if tokens is nil; and if
// ctx belongs to another user, or to a call that a [Server] guards, which has a caller
// already.
func (c *Client) ForUser(ctx context.Context, issuer string, tokens oauth2.TokenSource) (context.Context, error) {
	plan := c.plan.Load()
	_, guarded := admission.FromContext(ctx)
	switch {
	case tokens == nil:
		return nil, errors.New("interceptor: no source of the user's tokens")
	case guarded:
		return nil, errors.New("interceptor: the context is that of a guarded call: its handler calls for its caller, and for no other user")
	case userFrom(ctx) != nil:
		return nil, errors.New("interceptor: the context belongs to a user already: use the context of the user's request")
	case ctx.Err() != nil:
		return nil, fmt.Errorf("interceptor: the context for the user: %w", ctx.Err())
	}
	if err := plan.checkUsers(issuer); err != nil {
		return nil, fmt.Errorf("interceptor: users of client %q: %w", c.name, err)
	}
	source := userTokens{source: tokens, tokenType: plan.settings.issuer.TokenType}
	cache, err := tokensource.FromOAuth2(source,
		tokensource.Logger(slog.New(slog.DiscardHandler)), tokensource.MeterProvider(noop.NewMeterProvider()))
	if err != nil {
		return nil, err
	}
	context.AfterFunc(ctx, func() { cache.Close() })
	u := &user{ctx: ctx, client: c.name, issuer: plan.settings.issuer.URL, tokens: cache}
	return context.WithValue(ctx, userKey{}, u), nil
}

// user is a user of a front end, for whom it calls.
type user struct {
	ctx    context.Context // that ForUser was given; the calls end with it
	client string          // at which the user has logged in, by its name in the matrix
	issuer string          // its URL
	tokens *tokensource.Cache
	last   atomic.Pointer[readToken] // of the last call; usually the same
	sub    atomic.Pointer[string]    // of the first JWT; nil before it
}

// readToken is a token of a user, as it was read under a plan.
type readToken struct {
	plan     *plan
	token    tokensource.Token
	opaque   bool
	audience []string
	err      error
}

type userKey struct{}

// userFrom returns the user whom a context belongs to; nil if there is none.
func userFrom(ctx context.Context) *user {
	u, _ := ctx.Value(userKey{}).(*user)
	return u
}

// Format implements [fmt.Formatter], so that no verb prints the token.
func (*user) Format(f fmt.State, _ rune) { _, _ = io.WriteString(f, "interceptor.user") }

// subject returns the user as the subject of a call under a plan, which is nil for a call
// without a matrix.
func (u *user) subject(ctx context.Context, p *plan) (*subject, error) {
	switch {
	case p == nil:
		return nil, errors.New("interceptor: a context of ForUser needs a connection of the client that made it (DialOnBehalfOf, DialForward)")
	case p.name != u.client || p.settings.issuer.URL != u.issuer:
		return nil, fmt.Errorf("interceptor: the user has logged in at client %q of issuer %q, and the connection is of client %q of issuer %q", u.client, u.issuer, p.name, p.settings.issuer.URL)
	}
	token, err := u.tokens.Token(ctx, tokensource.Request{Audience: u.issuer})
	if ended := u.check(); ended != nil {
		return nil, ended
	}
	if refusal, ok := errors.AsType[*tokensource.TokenError](err); ok && refusal.Code == invalidGrant {
		return nil, callerEndedError{fmt.Errorf("interceptor: the user's token could not be refreshed: %w", err)}
	}
	if err != nil {
		return nil, fmt.Errorf("interceptor: the user's token: %w", err)
	}
	read := u.last.Load()
	if read == nil || read.plan != p || read.token != token {
		read = u.read(token, p)
		u.last.Store(read)
	}
	if read.err != nil {
		return nil, fmt.Errorf("interceptor: the user's token was not sent: %w", read.err)
	}
	return &subject{who: "user", token: token, issuer: u.issuer, audience: read.audience, opaque: read.opaque, check: u.check}, nil
}

// read reads a token of the user under a plan.
func (u *user) read(token tokensource.Token, p *plan) *readToken {
	r := &readToken{plan: p, token: token, opaque: strings.Count(token.Reveal(), ".") != 2}
	if r.opaque {
		if !p.settings.issuer.Introspected() {
			r.err = errOpaque
		}
		return r
	}
	says, err := p.readUserToken(token.Reveal())
	if err != nil {
		r.err = err
		return r
	}
	r.audience = says.Audience()
	sub, _ := says.Claim("sub")
	if name, _ := sub.(string); !u.sub.CompareAndSwap(nil, &name) && *u.sub.Load() != name {
		r.err = errors.New("it is of another user than the token before it: make a context with ForUser for each login")
	}
	return r
}

// check returns why no more calls are made for the user; nil while they are.
func (u *user) check() error {
	if err := u.ctx.Err(); err != nil {
		return fmt.Errorf("interceptor: the context that ForUser was given has ended: %w", err)
	}
	return nil
}

// untilLogout returns the context of an attempt of a call for a user, which ends with the
// one that ForUser was given, also if the call's own was detached from that one. Other calls
// keep theirs. The caller calls end when the attempt has ended.
func (r *retrier) untilLogout(ctx context.Context) (call context.Context, end func()) {
	u := userFrom(ctx)
	if u == nil || u.ctx.Err() != nil || r.services == nil || r.services.propagation == asService {
		return ctx, func() {} // a call after the end has no token, and is told why
	}
	call, cancel := context.WithCancel(ctx)
	stop := context.AfterFunc(u.ctx, cancel)
	return call, func() {
		stop()
		cancel()
	}
}
