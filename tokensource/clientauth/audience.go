package clientauth

import (
	"fmt"
	"net/url"

	"github.com/go-jose/go-jose/v4"

	"github.com/grpcaud/grpcaud/tokensource/internal/authmethod"
)

// The audiences of an assertion, for [Audience].
const (
	// Issuer is the issuer's identifier (RFC 7523bis).
	Issuer = "issuer"
	// TokenEndpoint is the address that the request is sent to (RFC 7523, section 3).
	TokenEndpoint = "token_endpoint"
)

// Audience sets the audience of the assertion: [Issuer], [TokenEndpoint], or an https
// URL that the provider has for its token endpoint, if clients reach that at another
// address. The default is as the [tokensource.Preset] says: TokenEndpoint for Hydra,
// Okta and Entra ID, else Issuer. An assertion for an issuer has the type
// "client-authentication+jwt" in its header, every other one "JWT". Whoever receives
// an assertion can present it to its audience: name no other provider.
func Audience(audience string) KeyOption {
	return keyOption(func(o *keyOptions) { o.audience = &audience })
}

// The types of assertions. A provider that expects its token endpoint as the audience
// goes by RFC 7523 as first published, and may know no other type than JWT.
const (
	typeForIssuer   jose.ContentType = "client-authentication+jwt" // RFC 7523bis
	typeForEndpoint jose.ContentType = "JWT"
)

// checkAudience refuses an audience that no provider has.
func (o keyOptions) checkAudience() error {
	if o.audience == nil || *o.audience == Issuer || *o.audience == TokenEndpoint {
		return nil
	}
	if u, err := url.Parse(*o.audience); err != nil || u.Scheme != "https" || u.Host == "" || u.User != nil {
		return fmt.Errorf("audience of the assertion: want %s, %s or an https URL", Issuer, TokenEndpoint)
	}
	return nil
}

// audienceFor returns the audience of the assertion in r, and its type.
func (o keyOptions) audienceFor(r *authmethod.Request) (string, jose.ContentType) {
	switch {
	case o.audience == nil && r.ForEndpoint, o.audience != nil && *o.audience == TokenEndpoint:
		return r.Config.TokenURL, typeForEndpoint
	case o.audience == nil, *o.audience == Issuer:
		return r.Issuer, typeForIssuer
	}
	return *o.audience, typeForEndpoint
}
