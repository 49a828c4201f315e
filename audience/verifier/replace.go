package verifier

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/grpcaud/grpcaud/audience"
)

// Replace makes these issuers, checked as by [New], the ones whose tokens are
// verified from now on. Those that were there before keep their keys, and what
// is known of their tokens, as far as their configuration has not changed. If
// Replace returns an error, nothing has changed. A call of [Verifier.Verify]
// that is under way ends with the issuers it began with.
func (v *Verifier) Replace(issuers []audience.Issuer) error {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.closed {
		return errClosed
	}
	old := v.current.Load()
	next, err := v.options.newRoster(issuers, old)
	if err != nil || old != nil && maps.EqualFunc(next.issuers, old.issuers, (*issuer).same) {
		return err
	}
	next.cache = newCache(v.options.cache, &v.counts)
	v.current.Store(next)
	v.options.changes.Add(1)
	if old != nil {
		old.retire(next)
	}
	return nil
}

// newRoster returns the roster of these issuers, with what old, which may be
// nil, has for them.
func (o *options) newRoster(issuers []audience.Issuer, old *roster) (*roster, error) {
	if len(issuers) == 0 {
		return nil, errors.New("verifier: no issuers")
	}
	r := &roster{issuers: map[string]*issuer{}}
	for _, config := range issuers {
		var before *issuer
		if old != nil {
			before = old.issuers[config.URL]
		}
		i, err := o.newIssuer(config, before)
		switch {
		case err != nil:
			return nil, fmt.Errorf("verifier: issuer %q: %w", config.URL, err)
		case r.issuers[i.url] != nil:
			return nil, fmt.Errorf("verifier: issuer %q stands there twice", i.url)
		case i.introspect != nil && r.opaque != nil:
			return nil, fmt.Errorf("verifier: issuers %q and %q are both asked about opaque tokens, which do not tell whose they are", r.opaque.url, i.url)
		}
		r.issuers[i.url] = i
		if i.introspect != nil {
			r.opaque = i
		}
	}
	if old != nil {
		return r, nil
	}
	for url := range o.static {
		if i := r.issuers[url]; i == nil || i.keys == nil {
			return nil, fmt.Errorf("verifier: static keys of %q, want an issuer of that url whose tokens are JWTs", url)
		}
	}
	return r, nil
}

// Close ends all background work. Tokens whose keys are at hand can still be
// verified.
func (v *Verifier) Close() {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.closed = true
	for _, i := range v.current.Load().issuers {
		i.close()
	}
	v.options.web.close()
}

// retire ends the background work for r that next does not go on with. Calls
// under way may still want what has been asked for.
func (r *roster) retire(next *roster) {
	for url, i := range r.issuers {
		if heir := next.issuers[url]; i.keys != nil && (heir == nil || heir.keys != i.keys) {
			i.keys.retire()
		}
	}
}

// sorted returns the issuers by URL.
func (r *roster) sorted() []*issuer {
	return slices.SortedFunc(maps.Values(r.issuers), func(a, b *issuer) int { return cmp.Compare(a.url, b.url) })
}
