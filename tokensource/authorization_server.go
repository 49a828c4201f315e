package tokensource

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"github.com/grpcaud/grpcaud/internal/provider"
	"github.com/grpcaud/grpcaud/internal/webclient"
	"github.com/grpcaud/grpcaud/tokensource/internal/authmethod"
)

// New returns a cache of tokens from issuer for the client that auth authenticates.
// It does no network I/O. Issuer is an https URL, exactly as the issuer writes it
// (RFC 8414, section 2). New fails if the URL is not https, if a part of auth is
// empty, or if an option has an invalid value.
func New(issuer string, auth ClientAuth, opts ...OAuthOption) (*Cache, error) {
	auth, origin := authmethod.Split(auth)
	o, err := newOAuthOptions(issuer, auth, opts)
	if err != nil {
		return nil, err
	}
	o.origin = origin
	b := newBackground()
	return newCache(newAuthorizationServer(issuer, auth, o, b), &o.options, b)
}

// authorizationServer fetches from an OAuth authorization server.
type authorizationServer struct {
	issuer           string
	auth             ClientAuth
	options          *oauthOptions
	provider         provider.Provider
	own, exchange    audienceStyle // in requests of the client itself, and in token exchanges
	client           *http.Client
	closeConnections func()
	endpoint         cachedValue[endpoint]
	limiter          *endpointLimiter            // of endpoint
	limiters         map[string]*endpointLimiter // of AskByTokenURL, by URL
}

func newAuthorizationServer(issuer string, auth ClientAuth, o *oauthOptions, b *background) *authorizationServer {
	s := &authorizationServer{issuer: issuer, auth: auth, options: o, provider: o.lookupPreset(), limiters: map[string]*endpointLimiter{}}
	s.own, s.exchange = styles(s.provider.Request, o.ask)
	s.limiter = newEndpointLimiter()
	if urls, ok := s.own.(tokenURLs); ok {
		for _, u := range urls {
			s.limiters[u] = newEndpointLimiter()
		}
	}
	var transport http.RoundTripper
	transport, s.closeConnections = o.serverTransport(auth)
	s.client = newClient(transport)
	s.endpoint.init(b.run, s.discover)
	return s
}

// serverTransport returns the transport of requests, and what closes the connections
// that belong to the cache.
func (o *oauthOptions) serverTransport(auth ClientAuth) (transport http.RoundTripper, closeConnections func()) {
	standard, ok := o.roundTripper().(*http.Transport)
	if !ok {
		return o.roundTripper(), func() {}
	}
	if o.transport == nil {
		standard = webclient.DirectHTTP(standard.Clone()) // so that its connections can be closed, too
	}
	authenticated := func(t *http.Transport) webclient.Transport { return t }
	if method, ok := auth.(authmethod.ConnectionMethod); ok {
		authenticated = func(t *http.Transport) webclient.Transport { return method.Transport(t) }
	}
	own := authenticated(standard)
	switch {
	case o.caFile != "":
		own = webclient.TrustFile(o.caFile, standard, authenticated)
	case own == standard && o.transport != nil:
		return standard, func() {}
	}
	return own, own.CloseIdleConnections
}

func (s *authorizationServer) check(r Request) error {
	if err := r.check(s.issuer); err != nil {
		return err
	}
	return s.checkGrant(r, s.options.grantFor(r))
}

// checkGrant refuses a request that g cannot carry, or that this client cannot make.
func (s *authorizationServer) checkGrant(r Request, g Grant) error {
	if _, ok := s.auth.(authmethod.GrantMethod); ok && g != 0 {
		return fmt.Errorf("%w: an assertion grant authenticates no client that could act for a subject", ErrRefused)
	}
	if err := g.check(r); err != nil {
		return err
	}
	return s.style(g).check(r)
}

// style returns how audiences are stated in a request with g.
func (s *authorizationServer) style(g Grant) audienceStyle {
	if g == TokenExchange || g == exchangeForAssertion {
		return s.exchange
	}
	return s.own
}

// endpointFor returns the token endpoint for r and g, and its limiter.
func (s *authorizationServer) endpointFor(ctx context.Context, r Request, g Grant) (endpoint, *endpointLimiter, error) {
	if urls, ok := s.style(g).(tokenURLs); ok {
		at := urls[r.Audience]
		return endpoint{at, s.options.secret}, s.limiters[at], nil
	}
	at, err := s.endpoint.get(ctx, time.Now())
	if err != nil {
		return at, nil, &retryAtError{err, s.endpoint.state.Load().nextFetch}
	}
	return at, s.limiter, nil
}

func (s *authorizationServer) close() { s.closeConnections() }
