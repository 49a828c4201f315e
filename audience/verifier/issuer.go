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
	if !config.Introspected() {
		if err := o.setKeys(i, config, old); err != nil {
			return nil, err
		}
	}
	if err := o.setOnline(i, config, old); err != nil {
		return nil, err
	}
	if config.Introspected() {
		i.introspect = i.online
	}
	return i, nil
}

// setOnline gives i what asks about its tokens, if the configuration says how.
func (o *options) setOnline(i *issuer, config access.Issuer, old *issuer) (err error) {
	switch {
	case config.Introspection == access.Introspection{}:
		return nil
	case old.online != nil && old.online.serves(config):
		i.online = old.online
		return nil
	}
	if err := checkIntrospection(config.Introspection); err != nil {
		return err
	}
	i.online, err = newIntrospector(config, i.preset, o)
	return err
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
		i.keys == other.keys && i.online == other.online
}

func (i *issuer) close() {
	if i.keys != nil {
		i.keys.close()
	}
	if i.online != nil {
		i.online.close()
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
	if i.introspect == nil {
		s = i.keys.stats()
	}
	if i.online != nil {
		s.add(i.online)
	}
	s.Issuer = i.url
	return s
}
