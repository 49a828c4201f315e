package verifier

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/coreos/go-oidc/v3/oidc"

	"github.com/grpcaud/grpcaud/audience/access"
)

// newIssuer checks the configuration of an issuer. It takes over what also serves the
// new configuration from old, which may be nil.
func (o *options) newIssuer(config access.Issuer, old *issuer) (*issuer, error) {
	preset := config.TokenPreset().At(config.Place)
	i := &issuer{url: config.URL, place: config.Place, trustDomain: config.TrustDomain, preset: preset, algorithms: slices.Clone(config.Algorithms), leeway: cmp.Or(config.Leeway, access.DefaultLeeway)}
	if len(i.algorithms) == 0 {
		i.algorithms = algorithms
	}
	if old == nil {
		old = &issuer{preset: preset}
	}
	i.reread = old.reread || !old.preset.Equal(preset)
	switch {
	case i.url == "":
		return nil, errors.New("no url")
	case preset.Name == "":
		return nil, fmt.Errorf("unknown preset %q", config.Preset)
	case config.Preset != "" && !config.Dialect.IsZero():
		return nil, fmt.Errorf("both the preset %q and a dialect", config.Preset)
	case slices.ContainsFunc(i.algorithms, func(alg string) bool { return !slices.Contains(algorithms, alg) }):
		return nil, fmt.Errorf("got algorithms %q, want some of %q", i.algorithms, algorithms)
	}
	i.configs = oidcConfigs(i.algorithms)
	switch {
	case config.Introspection == access.Introspection{}:
		return i, o.setKeys(i, config, old)
	case old.introspect != nil && old.introspect.serves(config):
		i.introspect = old.introspect
		return i, nil
	}
	if err := checkIntrospection(config.Introspection); err != nil {
		return nil, err
	}
	var err error
	i.introspect, err = newIntrospector(config, preset, o)
	return i, err
}

// oidcConfigs returns the configuration of go-oidc for tokens of each algorithm.
func oidcConfigs(algorithms []string) map[string]*oidc.Config {
	configs := map[string]*oidc.Config{}
	for _, alg := range algorithms {
		configs[alg] = &oidc.Config{
			SupportedSigningAlgs: []string{alg},
			SkipClientIDCheck:    true, // the rule of the method judges aud
			SkipExpiryCheck:      true, // and exp, with one leeway for all checks
		}
	}
	return configs
}

// setKeys gives i its key set. Only keys that are fetched over the network need a
// cool-down against unknown tokens.
func (o *options) setKeys(i *issuer, config access.Issuer, old *issuer) error {
	from := sourceOf(config)
	if old.keys != nil && old.keys.source == from {
		i.keys = old.keys
		return nil
	}
	if jwks, ok := o.static[config.URL]; ok {
		var err error
		i.keys, err = staticKeys(from, jwks)
		return err
	}
	fetch, cooldown := (&fetcher{issuer: config, web: o.web.trustingFile(config.CAFile)}).fetch, o.cooldown
	if config.KeysFile != "" {
		fetch, cooldown = (&keysFile{path: config.KeysFile, uses: from.uses()}).fetch, fileCooldown
	}
	i.keys = newKeySet(from, i.advise(fetch), cooldown)
	i.keys.lost.changes = o.changes
	return nil
}

// same reports whether other would verify each token of i with the same result.
func (i *issuer) same(other *issuer) bool {
	return i.trustDomain == other.trustDomain && i.preset.Equal(other.preset) && slices.Equal(i.algorithms, other.algorithms) && i.leeway == other.leeway &&
		i.keys == other.keys && i.introspect == other.introspect
}

func (i *issuer) close() {
	if i.keys != nil {
		i.keys.close()
	}
	if i.introspect != nil {
		i.introspect.close()
	}
}

func (i *issuer) ready(ctx context.Context) error {
	if i.introspect != nil {
		return i.introspect.ready(ctx)
	}
	return i.keys.ready(ctx)
}

func (i *issuer) stats() Stats {
	var s Stats
	if i.introspect != nil {
		s = i.introspect.requests.stats()
		s.Stale = i.introspect.staleAnswers.Load()
	} else {
		s = i.keys.stats()
	}
	s.Issuer = i.url
	return s
}
