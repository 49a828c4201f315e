package provider

import (
	"cmp"
	"fmt"
	"strings"
)

// Advice says what to change at a provider when something is wrong. Its texts have
// placeholders, which [Names.Fill] replaces. An empty text means that nothing is
// known.
type Advice struct {
	// Audience says how a client gets a token for an audience, after a token for
	// another one was refused.
	Audience string

	// MissingAudience is for a client that requested an audience, and got a token
	// without it.
	MissingAudience string

	// RefusedAudience is for a client whose request was refused for its audience, and
	// RefusedScope for its scope; if that is empty, RefusedAudience is for both.
	RefusedAudience, RefusedScope string

	// RefusedExchange is RefusedAudience for a token exchange, if that is another.
	RefusedExchange string

	// MissingScope is for a token without a scope that a rule demands.
	MissingScope string

	// MissingSubject is for a user's token without sub.
	MissingSubject string

	// AudienceForm is for a token that has the other of the two forms of an audience:
	// see [Audiences.URIPrefix].
	AudienceForm string

	// OtherIssuer is for a token of another issuer of the same provider.
	OtherIssuer string

	// Credentials says where the provider shows the secret or key of a client, Grant
	// where it lets a client get tokens as itself, and Exchange where it lets a client
	// exchange tokens.
	Credentials, Grant, Exchange string

	// NoExchange says that the provider has no token exchange (RFC 8693).
	NoExchange bool

	// Wider is for a client that gets a token for a service which it may not call.
	Wider string

	// NameClients is for a client whose id differs from the name that people know.
	NameClients string

	// Answers are refusals of the token endpoint whose meaning is known.
	Answers []Answer

	// OwnCodes says that some error codes have more meanings than in RFC 6749:
	// unauthorized_client, access_denied, invalid_grant. Then only Answers say what
	// they mean.
	OwnCodes bool
}

// Names are the replacements for the placeholders of a text.
type Names struct {
	Audience string   // {audience}
	Client   string   // {client}: client "id", or if it is empty, the client
	Issuer   string   // {issuer}; if it is empty, the issuer
	Place    string   // {issuer_place}: where the issuer is defined, such as "issuers.corp (access.yaml:3)"
	Service  string   // {service}
	Method   string   // {method}
	Entry    string   // {entry}; if it is empty, the entry
	Scopes   []string // {scopes}
}

// Fill returns text with its placeholders replaced.
func (n Names) Fill(text string) string {
	client := "the client"
	if n.Client != "" {
		client = fmt.Sprintf("client %q", n.Client)
	}
	return strings.NewReplacer(
		"{audience}", n.Audience, "{client}", client, "{issuer}", cmp.Or(n.Issuer, "the issuer"), "{issuer_place}", cmp.Or(n.Place, "the issuer's entry under issuers"),
		"{service}", n.Service, "{method}", n.Method, "{entry}", cmp.Or(n.Entry, "the entry"),
		"{scopes}", strings.Join(n.Scopes, " "),
	).Replace(text)
}
