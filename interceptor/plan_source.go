package interceptor

import (
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

// openSources makes the sources of the client's tokens. Those that are made
// before one fails are closed.
func (p *plan) openSources(o *clientOptions) (err error) {
	log := o.log.With(slog.String("client", p.name), slog.String("issuer", p.terms.issuer.URL))
	opts := append([]tokensource.Option{tokensource.Logger(log), tokensource.MeterProvider(o.meters)}, o.source...)
	if len(p.terms.client.TokenFiles) > 0 {
		return p.openFiles(opts)
	}
	auth, err := authOf(p.terms.client)
	if err != nil {
		return err
	}
	oauth := p.terms.options()
	for _, opt := range opts {
		oauth = append(oauth, opt)
	}
	p.tokens, err = tokensource.New(p.terms.issuer.URL, auth, oauth...)
	return err
}

func (p *plan) openFiles(opts []tokensource.Option) error {
	p.files = map[string]*tokensource.Cache{}
	for service, path := range p.terms.client.TokenFiles {
		source, err := tokensource.NewFile(path, opts...)
		if err != nil {
			p.close()
			return err
		}
		p.files[service] = source
	}
	return nil
}

// close closes the sources.
func (p *plan) close() {
	for source := range p.sources {
		source.Close()
	}
}

// authOf returns how a client proves who it is.
func authOf(c access.Client) (tokensource.ClientAuth, error) {
	key := c.PrivateKey
	opts := []clientauth.KeyOption{}
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
		secret, err := environment(c.Secret.Env)
		return tokensource.ClientCredentials(c.ID, secret), err
	case key.File != "":
		return clientauth.PrivateKeyFile(c.ID, key.File, opts...), nil
	case key.Env != "":
		text, err := environment(key.Env)
		return clientauth.PrivateKeyText(c.ID, text, opts...), err
	case c.Assertion != "":
		return clientauth.AssertionFile(c.ID, c.Assertion), nil
	case c.Certificate.File != "":
		return clientauth.MutualTLS(c.ID, c.Certificate.File, c.Certificate.KeyFile), nil
	}
	return nil, errors.New("the matrix does not say how it authenticates: add secret, private_key_jwt, assertion, mtls or token_files")
}

func environment(name string) (string, error) {
	if value := os.Getenv(name); value != "" {
		return value, nil
	}
	return "", fmt.Errorf("environment variable %s is missing or empty", name)
}

// options says how the issuer is asked.
func (t terms) options() []tokensource.OAuthOption {
	issuer, ask := t.issuer, t.issuer.Ask
	opts := []tokensource.OAuthOption{tokensource.Preset(issuer.Preset)}
	if issuer.Discovery != "" {
		opts = append(opts, tokensource.Discovery(issuer.Discovery))
	}
	if issuer.TokenURL != "" {
		opts = append(opts, tokensource.TokenURL(issuer.TokenURL))
	}
	if issuer.InsecureLoopback {
		opts = append(opts, tokensource.InsecureLoopback())
	}
	if ask := t.audienceStyle(); ask != nil {
		opts = append(opts, ask)
	}
	for _, name := range slices.Sorted(maps.Keys(ask.Parameters)) {
		opts = append(opts, tokensource.Parameter(name, ask.Parameters[name]))
	}
	return opts
}

// audienceStyle returns how an audience is asked for; nil if the matrix leaves it to
// the preset.
func (t terms) audienceStyle() tokensource.OAuthOption {
	ask := t.issuer.Ask
	switch {
	case ask.Parameter == "audience":
		return tokensource.AskByAudience()
	case ask.Parameter == "resource":
		return tokensource.AskByResource()
	case ask.Parameter == "nothing":
		return tokensource.AskWithoutAudience()
	case ask.Scope != "":
		return tokensource.AskByScope(ask.Scope)
	case len(t.tokenURLs) > 0:
		return tokensource.AskByTokenURL(t.tokenURLs)
	}
	return nil
}
