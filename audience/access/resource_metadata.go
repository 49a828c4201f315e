package access

import (
	"encoding/json"
	"net/url"
	"slices"
	"strings"
)

// ResourceMetadata tells clients where to get tokens for a service (RFC 9728, section 2).
// As JSON it is the document that the service publishes.
//
// It has no resource_signing_alg_values_supported: those are algorithms of signed answers,
// not of tokens, and the guard signs no answers.
type ResourceMetadata struct {
	// Resource is [HTTP.Resource].
	Resource string `json:"resource"`

	// AuthorizationServers are the issuers of the service whose names are https URLs,
	// sorted.
	AuthorizationServers []string `json:"authorization_servers,omitempty"`

	// Scopes are all scopes that a rule of the service demands, sorted.
	Scopes []string `json:"scopes_supported,omitempty"`

	// BearerMethods is "header" alone: tokens in a form or in a query are never read.
	BearerMethods []string `json:"bearer_methods_supported"`

	// Name is the name of the service in the matrix.
	Name string `json:"resource_name"`

	// Documentation is [HTTP.Documentation].
	Documentation string `json:"resource_documentation,omitempty"`

	// CertificateBound says that an issuer of the service requires tokens that are bound
	// to the client's certificate (RFC 8705, section 3). Tokens that are bound are always
	// checked.
	CertificateBound bool `json:"tls_client_certificate_bound_access_tokens,omitempty"`
}

// URL returns the address at which the service publishes the metadata: the well-known path
// stands before the path of the resource (RFC 9728, section 3.1).
func (m *ResourceMetadata) URL() string { return metadataURL(m.Resource) }

// Document returns the metadata as JSON.
func (m *ResourceMetadata) Document() []byte {
	document, _ := json.Marshal(m) // cannot fail for strings and booleans
	return document
}

// ResourceMetadata returns the metadata of a guarded service; nil if the matrix has no
// resource for it.
func (g *Guard) ResourceMetadata(service string) *ResourceMetadata { return g.resources[service] }

// metadataURL returns the address of the metadata of a resource.
func metadataURL(resource string) string {
	u, err := url.Parse(resource)
	if err != nil {
		return ""
	}
	path := u.EscapedPath()
	if path == "/" {
		path = ""
	}
	return u.Scheme + "://" + u.Host + "/.well-known/oauth-protected-resource" + path
}

// resourceMetadata returns the metadata of the service of that name; nil if it has no
// resource.
func (p *Policy) resourceMetadata(name string, service Service) *ResourceMetadata {
	if service.HTTP == nil || service.HTTP.Resource == "" {
		return nil
	}
	m := &ResourceMetadata{
		Resource: service.HTTP.Resource, Name: name, Documentation: service.HTTP.Documentation, BearerMethods: []string{"header"},
	}
	for _, issuer := range p.matrix.issuersOf(service) {
		if strings.HasPrefix(issuer.URL, "https://") {
			m.AuthorizationServers = append(m.AuthorizationServers, issuer.URL)
		}
		m.CertificateBound = m.CertificateBound || issuer.RequireBound
	}
	for _, allow := range service.Allow {
		m.Scopes = append(append(m.Scopes, allow.Scopes...), allow.AnyScopes...)
	}
	for _, o := range p.optionsOf(service) {
		m.Scopes = append(append(m.Scopes, o.Demands.Scopes...), o.Demands.AnyScopes...)
	}
	for _, list := range []*[]string{&m.AuthorizationServers, &m.Scopes} {
		slices.Sort(*list)
		*list = slices.Compact(*list)
	}
	return m
}
