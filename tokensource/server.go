package tokensource

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"time"
)

// server mints at an OAuth authorization server.
type server struct {
	issuer   string
	auth     ClientAuth
	options  *options
	client   *http.Client
	own      interface{ CloseIdleConnections() } // nil if the caller brought the transport
	endpoint cell[endpoint]
	lane     *lane
	lanes    map[string]*lane // of ByTokenURL
}

func newServer(issuer string, auth ClientAuth, o *options, spawn func(func(context.Context))) *server {
	s := &server{issuer: issuer, auth: auth, options: o, lane: newLane(o.parallel), lanes: map[string]*lane{}}
	if urls, ok := o.server.strategy(0).(byTokenURL); ok {
		for _, u := range urls {
			s.lanes[u] = newLane(o.parallel)
		}
	}
	transport := o.carrier()
	if t, ok := transport.(*http.Transport); ok {
		if m, ok := auth.(*mutualTLS); ok {
			p := &presenter{auth: m, base: t}
			s.own, transport = p, p
		} else if o.transport == nil {
			t = t.Clone() // so that close can end its connections
			s.own, transport = t, t
		}
	}
	s.client = newClient(transport)
	s.endpoint.init(spawn, s.discover)
	return s
}

func (s *server) check(r Request) error {
	if err := r.check(s.issuer); err != nil {
		return err
	}
	return s.checkGrant(r, s.options.server.grantFor(r))
}

// checkGrant refuses a request that g cannot carry, or this client cannot make.
func (s *server) checkGrant(r Request, g Grant) error {
	if _, alone := s.auth.(*assertionGrant); alone && g != 0 {
		return fmt.Errorf("%w: an assertion grant authenticates no client that could act for a subject", ErrRefused)
	}
	if err := g.check(r); err != nil {
		return err
	}
	_, err := s.form(r, g)
	return err
}

// laneTo returns the lane that leads to a token endpoint.
func (s *server) laneTo(url string) *lane { return cmp.Or(s.lanes[url], s.lane) }

// endpointFor returns where a token for r is asked for with g.
func (s *server) endpointFor(ctx context.Context, r Request, g Grant) (endpoint, error) {
	if urls, ok := s.options.server.strategy(g).(byTokenURL); ok {
		return endpoint{urls[r.Audience], s.options.server.style}, nil
	}
	at, err := s.endpoint.get(ctx, time.Now())
	if err != nil {
		return at, &held{err, s.endpoint.state.Load().next}
	}
	return at, nil
}

func (s *server) close() {
	if s.own != nil {
		s.own.CloseIdleConnections()
	}
}
