package interceptor

import (
	"cmp"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"os"
	"slices"

	"github.com/grpcaud/grpcaud/audience/access"
	"github.com/grpcaud/grpcaud/tokensource"
	"github.com/grpcaud/grpcaud/tokensource/clientauth"
)

// openCaches makes the caches of the client's tokens. If one fails, those that were
// made before it are closed.
func (p *plan) openCaches(o *clientOptions) (err error) {
	log := o.log.With(slog.String("client", p.name), slog.String("issuer", p.settings.issuer.URL))
	opts := append([]tokensource.Option{tokensource.Logger(log), tokensource.MeterProvider(o.meters)}, o.source...)
	if len(p.settings.client.TokenFiles) > 0 {
		return p.openFileCaches(opts)
	}
	auth, err := clientAuth(p.settings.client, p.settings.issuer.AssertionAudience)
	if err != nil {
		return p.atCredential(err)
	}
	auth = clientauth.From(auth, p.origin())
	oauth := p.settings.options()
	for _, opt := range opts {
		oauth = append(oauth, opt)
	}
	if p.settings.issuer.InsecureLoopback {
		if err := reportInsecure(log, o.meters, "tokens are requested from a process on the machine itself, for development only", "insecure: loopback"); err != nil {
			return err
		}
	}
	for _, host := range p.settings.issuer.InsecureHosts {
		if err := reportInsecure(log, o.meters, "tokens are requested over plain http: whoever sees that traffic reads the client's secret", "insecure: {host: "+host+"}"); err != nil {
			return err
		}
	}
	p.cache, err = tokensource.New(p.settings.issuer.URL, auth, oauth...)
	return err
}

func (p *plan) openFileCaches(opts []tokensource.Option) error {
	p.fileCaches = map[string]*tokensource.Cache{}
	for service, path := range p.settings.client.TokenFiles {
		cache, err := tokensource.NewFile(path, opts...)
		if err != nil {
			p.close()
			return err
		}
		p.fileCaches[service] = cache
	}
	return nil
}

// close closes the caches.
func (p *plan) close() {
	for cache := range p.caches {
		cache.Close()
	}
}

// clientAuth returns how a client authenticates at the issuer. audience is the audience
// of its assertions; if it is empty, the preset determines it.
func clientAuth(c access.Client, audience string) (tokensource.ClientAuth, error) {
	key := c.PrivateKey
	opts := []clientauth.KeyOption{}
	if audience != "" {
		opts = append(opts, clientauth.Audience(audience))
	}
	if key.KeyID != "" {
		opts = append(opts, clientauth.KeyID(key.KeyID))
	}
	if key.Algorithm != "" {
		opts = append(opts, clientauth.Algorithm(key.Algorithm))
	}
	switch {
	case c.Secret.File != "":
		return tokensource.ClientSecretFile(c.ID, c.Secret.File), nil
	case c.Secret.Env != "":
		secret, err := environmentVariable(c.Secret.Env)
		return tokensource.ClientCredentials(c.ID, secret), err
	case key.File != "":
		return clientauth.PrivateKeyFile(c.ID, key.File, opts...), nil
	case key.Env != "":
		text, err := environmentVariable(key.Env)
		return clientauth.PrivateKeyText(c.ID, text, opts...), err
	case c.Assertion != "":
		return clientauth.AssertionFile(c.ID, c.Assertion), nil
	case c.Certificate.File != "":
		return clientauth.MutualTLS(c.ID, c.Certificate.File, c.Certificate.KeyFile), nil
	}
	return nil, errors.New("the matrix does not say how it authenticates: add secret, private_key_jwt, assertion, mtls or token_files")
}

// environmentVariable returns the value of a variable that must have one.
func environmentVariable(name string) (string, error) {
	if value := os.Getenv(name); value != "" {
		return value, nil
	}
	return "", fmt.Errorf("environment variable %s is missing or empty; the matrix names it for a secret", name)
}

// options returns how the issuer is asked for tokens.
func (s sourceSettings) options() []tokensource.OAuthOption {
	issuer, ask := s.issuer, s.issuer.Ask
	opts := []tokensource.OAuthOption{tokensource.Preset(issuer.Preset)}
	if !issuer.Dialect.IsZero() {
		opts = []tokensource.OAuthOption{tokensource.Preset(issuer.Provider())}
	}
	if issuer.Discovery != "" || len(issuer.Hosts) > 0 {
		opts = append(opts, tokensource.Discovery(issuer.Discovery, issuer.Hosts...))
	}
	if issuer.TokenURL != "" {
		opts = append(opts, tokensource.TokenURL(issuer.TokenURL))
	}
	if issuer.InsecureLoopback {
		opts = append(opts, tokensource.InsecureHTTP())
	}
	if len(issuer.InsecureHosts) > 0 {
		opts = append(opts, tokensource.InsecureHTTP(issuer.InsecureHosts...))
	}
	if issuer.CAFile != "" {
		opts = append(opts, tokensource.CAFile(issuer.CAFile))
	}
	if style := s.secretStyle(); style != nil {
		opts = append(opts, style)
	}
	if issuer.TokenType != "" {
		opts = append(opts, tokensource.TokenType(issuer.TokenType))
	}
	if style := s.audienceStyle(); style != nil {
		opts = append(opts, style)
	}
	for _, name := range slices.Sorted(maps.Keys(ask.Parameters)) {
		opts = append(opts, tokensource.Parameter(name, ask.Parameters[name]))
	}
	return opts
}

// secretStyle returns how the client's secret is sent; nil if the matrix leaves that to
// the issuer's metadata, or the client has none.
func (s sourceSettings) secretStyle() tokensource.OAuthOption {
	if s.client.Secret == (access.SecretRef{}) {
		return nil
	}
	switch cmp.Or(s.client.AuthStyle, s.issuer.AuthStyle) {
	case "basic":
		return tokensource.SecretInHeader()
	case "post":
		return tokensource.SecretInForm()
	}
	return nil
}

// audienceStyle returns how the issuer is asked for an audience; nil if the matrix
// leaves that to the preset.
func (s sourceSettings) audienceStyle() tokensource.OAuthOption {
	ask := s.issuer.Ask
	switch {
	case ask.Parameter == "audience":
		return tokensource.AskByAudience()
	case ask.Parameter == "resource":
		return tokensource.AskByResource()
	case ask.Parameter == "nothing":
		return tokensource.AskWithoutAudience()
	case ask.Scope != "":
		return tokensource.AskByScope(ask.Scope)
	case len(s.tokenURLs) > 0:
		return tokensource.AskByTokenURL(s.tokenURLs)
	}
	return nil
}
