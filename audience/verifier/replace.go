package verifier

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/grpcaud/grpcaud/audience/access"
)

// Replace replaces the issuers, which it checks as [New] does. An issuer that was
// configured before keeps its keys, and what is known of its tokens, as far as its
// configuration has not changed. If Replace returns an error, nothing has changed. A
// call of [Verifier.Verify] that is under way ends with the issuers it began with.
func (v *Verifier) Replace(issuers []access.Issuer) error {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.closed {
		return errClosed
	}
	old := v.current.Load()
	next, err := v.options.newState(issuers, old)
	if err != nil || old != nil && maps.EqualFunc(next.issuers, old.issuers, (*issuer).same) {
		return err
	}
	next.cache = newCache(v.options.cache, &v.counters)
	v.current.Store(next)
	v.options.changes.Add(1)
	if old != nil {
		old.retire(next)
	}
	return nil
}

// newState returns the state for these issuers. It takes over the keys and answers
// that still apply from old, which may be nil.
func (o *options) newState(issuers []access.Issuer, old *state) (*state, error) {
	if len(issuers) == 0 {
		return nil, errors.New("verifier: no issuers")
	}
	s := &state{issuers: map[string]*issuer{}, byIss: map[string]*issuer{}, domains: map[string]*issuer{}}
	for _, config := range issuers {
		var before *issuer
		if old != nil {
			before = old.issuers[config.URL]
		}
		i, err := o.newIssuer(config, before)
		if err != nil {
			return nil, fmt.Errorf("verifier: issuer %q: %w", config.URL, err)
		}
		if err := s.add(i); err != nil {
			return nil, err
		}
	}
	s.urls = slices.Sorted(maps.Keys(s.issuers))
	if old != nil {
		return s, nil
	}
	for url := range o.static {
		if i := s.issuers[url]; i == nil || i.keys == nil {
			return nil, fmt.Errorf("verifier: static keys for %q, want an issuer of that url whose tokens are JWTs", url)
		}
	}
	return s, nil
}

// add adds an issuer. Every token must tell which one it is of.
func (s *state) add(i *issuer) error {
	domain := s.domains[i.trustDomain]
	switch {
	case s.issuers[i.url] != nil:
		return fmt.Errorf("verifier: issuer %q is listed twice", i.url)
	case i.introspect != nil && s.opaque != nil:
		return fmt.Errorf("verifier: issuers %q and %q both have introspection, and an opaque token does not say which of them issued it", s.opaque.url, i.url)
	case domain != nil:
		return fmt.Errorf("verifier: issuers %q and %q have the same trust domain, and a token without iss does not say which of them issued it", domain.url, i.url)
	}
	for _, iss := range i.preset.Issuers(i.url) {
		if other := s.byIss[iss]; other != nil {
			return fmt.Errorf("verifier: issuers %q and %q both have iss %q in their tokens", other.url, i.url, iss)
		}
		s.byIss[iss] = i
	}
	s.issuers[i.url] = i
	if i.trustDomain != "" {
		s.domains[i.trustDomain] = i
	}
	if i.introspect != nil {
		s.opaque = i
	}
	return nil
}

// Close ends all background work. Tokens whose keys were fetched can still be verified.
func (v *Verifier) Close() {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.closed = true
	for _, i := range v.current.Load().issuers {
		i.close()
	}
	v.options.web.close()
}

// retire ends the background work for issuers that are not in next. A fetch that has
// begun continues, since calls may wait for it.
func (s *state) retire(next *state) {
	for url, i := range s.issuers {
		if successor := next.issuers[url]; i.keys != nil && (successor == nil || successor.keys != i.keys) {
			i.keys.retire()
		}
		if successor := next.issuers[url]; i.online != nil && (successor == nil || successor.online != i.online) {
			i.online.retire()
		}
	}
}

// sorted returns the issuers, sorted by URL.
func (s *state) sorted() []*issuer {
	return slices.SortedFunc(maps.Values(s.issuers), func(a, b *issuer) int { return cmp.Compare(a.url, b.url) })
}
