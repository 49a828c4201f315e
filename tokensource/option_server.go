package tokensource

import (
	"cmp"
	"errors"
	"fmt"
	"net/http"
	"slices"
)

// checkServer refuses values with which no authorization server could be asked.
func (o *options) checkServer(auth ClientAuth) error {
	if u := o.server.tokenURL; u != "" {
		if err := o.checkURL(u); err != nil {
			return fmt.Errorf("tokensource: token URL: %w", err)
		}
	}
	if err := o.checkAsk(); err != nil {
		return err
	}
	if _, ok := o.carrier().(*http.Transport); !ok {
		if _, presents := auth.(*mutualTLS); presents {
			return fmt.Errorf("tokensource: transport beside MutualTLS: got %T, want *http.Transport", o.carrier())
		}
	}
	switch style, grant := o.server.style, o.server.grant; {
	case style < 0 || style > Post:
		return fmt.Errorf("tokensource: auth style: got %d, want Basic or Post", style)
	case style != 0 && !slices.Contains(auth.methods(), methodBasic):
		return errors.New("tokensource: AuthStyle is for client secrets, and the client has none")
	case grant < 0 || grant > EntraOnBehalfOf:
		return fmt.Errorf("tokensource: subject grant: got %d, want TokenExchange, JWTBearer or OnBehalfOf", grant)
	}
	return errors.Join(o.server.checkPreset(), o.server.checkParameters())
}

func (o *options) checkAsk() error {
	if o.server.ask == nil {
		return nil
	}
	ask := *o.server.ask
	if ask == nil {
		return errors.New("tokensource: nil strategy")
	}
	if _, ok := ask.(byTokenURL); ok && o.server.tokenURL != "" {
		return errors.New("tokensource: TokenURL and ByTokenURL contradict each other")
	}
	return ask.check(o)
}

// carrier is what carries the requests.
func (o *options) carrier() http.RoundTripper {
	if o.transport == nil {
		return http.DefaultTransport
	}
	return o.transport
}

// strategy is how an audience is asked for with g.
func (o *serverOptions) strategy(g Grant) Strategy {
	p, s, exchange := o.known(), ByAudience(), g == TokenExchange || g == leaving
	switch {
	case p.exchanged != nil && exchange:
		return p.exchanged
	case o.ask != nil:
		s = *o.ask
	case p.own != nil:
		s = p.own
	}
	if p.narrowed && exchange {
		return narrowed{s}
	}
	return s
}

// grantFor is the grant that r needs; zero is the client's own.
func (o *serverOptions) grantFor(r Request) Grant {
	if r.Subject.IsZero() {
		return 0
	}
	return cmp.Or(o.grant, o.known().grant, TokenExchange)
}
