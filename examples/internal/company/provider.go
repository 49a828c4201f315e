package company

import (
	"fmt"
	"net/http"
	"strings"

	"github.com/grpcaud/grpcaud/audience/access"
)

// Provider is a real authorization server in the place of the embedded issuer. Its clients
// have their secrets where the access matrix says.
type Provider struct {
	// URL is the URL of the issuer: https, or http on a loopback address.
	URL string

	// Preset is how it writes its tokens, such as "oidc-provider". The default is the one
	// in the access matrix.
	Preset string

	// Audience is the audience of each service, in which * stands for the name of the
	// service, such as "urn:acme:*". The default is the name.
	Audience string

	// Transport is how it is reached; the default is [http.DefaultTransport].
	Transport http.RoundTripper
}

// policy returns the policy with the provider as its issuer corp.
func (p Provider) policy(from *access.Policy) (*access.Policy, error) {
	if p.Audience != "" && !strings.Contains(p.Audience, "*") {
		return nil, fmt.Errorf("audience: got %q, want a * in it for the name of the service, such as urn:acme:*: a token for one service must not be good at another", p.Audience)
	}
	m := from.Matrix()
	if p.Preset == "" {
		p.Preset = m.Issuers[issuerName].Preset
	}
	m.Issuers[issuerName] = access.Issuer{URL: p.URL, Preset: p.Preset, InsecureLoopback: strings.HasPrefix(p.URL, "http:")}
	if p.Audience != "" {
		for name, service := range m.Services {
			service.Audiences = []string{strings.ReplaceAll(p.Audience, "*", name)}
			m.Services[name] = service
		}
	}
	return access.New(m, from.GivenOptions()...)
}
