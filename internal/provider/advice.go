package provider

import (
	"cmp"
	"fmt"
	"strings"
)

// Advice says what to change at a provider, by what is wrong. Its texts have
// placeholders, which [Names.Fill] replaces. An empty text says that nothing is known.
type Advice struct {
	// Audience is how a client gets a token for an audience, for somebody who was
	// shown a token for another.
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

	// Credentials, Grant and Exchange are where the provider shows the secret or key of
	// a client, lets it get tokens as itself, and lets it exchange them.
	Credentials, Grant, Exchange string

	// NoExchange says that the provider has no token exchange (RFC 8693).
	NoExchange bool

	// Wider is for a client that gets a token for a service which it may not call.
	Wider string

	// NameClients is for a client's id that is not the name that people know it by.
	NameClients string

	// Answers are refusals of its token endpoint whose meaning is known.
	Answers []Answer

	// OwnCodes says that some error codes have more meanings than in RFC 6749:
	// unauthorized_client, access_denied, invalid_grant. Then Answers alone tell.
	OwnCodes bool
}

// Names are what stands for the placeholders of a text.
type Names struct {
	Audience string   // {audience}
	Client   string   // {client}: client "id", or if it is empty, the client
	Issuer   string   // {issuer}; if it is empty, the issuer
	Place    string   // {issuer_place}: where the issuer stands, such as "issuers.corp (access.yaml:3)"
	Service  string   // {service}
	Method   string   // {method}
	Entry    string   // {entry}; if it is empty, the entry
	Scopes   []string // {scopes}
}

// Fill returns text with the names in the places of the placeholders.
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
