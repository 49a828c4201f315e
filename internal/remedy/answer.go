package remedy

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"mime"
	"slices"
	"strings"

	"github.com/grpcaud/grpcaud/internal/provider"
)

// Answer is what is known of a request to a provider that failed.
type Answer struct {
	// Endpoint is the endpoint that was asked; empty if none was.
	Endpoint Endpoint

	// Status is the HTTP status; 0 if there was no answer. Leads is the host to which
	// a redirect leads.
	Status int
	Leads  string

	// Body is the kind of body, and Code and Description are what it says (RFC 6749,
	// section 5.2).
	Body              Body
	Code, Description string

	// Exchange says that a token was to be exchanged. Requested are the scopes that
	// were asked for, those that stand for an audience too.
	Exchange  bool
	Requested []string

	// Fault is why there was no answer, or why it could not be used.
	Fault Fault

	// Other is the issuer that the metadata names instead of the right one.
	Other string
}

// Endpoint is an endpoint of a provider.
type Endpoint string

// These are the endpoints, as a sentence names them.
const (
	TokenEndpoint Endpoint = "token endpoint"
	Metadata      Endpoint = "metadata"
	Keys          Endpoint = "keys"
	Introspection Endpoint = "introspection endpoint"
)

// Body is the kind of body of an answer.
type Body int

// These are the kinds of bodies; the zero value means that the kind is not known.
const (
	NoBody Body = iota + 1
	JSON
	HTML
	OtherBody
)

// BodyOf returns the kind of a body, by its content type or by how it begins.
func BodyOf(contentType string, body []byte) Body {
	kind, _, _ := mime.ParseMediaType(contentType)
	start := bytes.ToLower(bytes.TrimSpace(bytes.TrimPrefix(body, []byte("\ufeff"))))
	switch {
	case kind == "text/html", kind == "application/xhtml+xml", bytes.HasPrefix(start, []byte("<!doctype html")), bytes.HasPrefix(start, []byte("<html")):
		return HTML
	case len(start) == 0:
		return NoBody
	case json.Valid(start):
		return JSON
	}
	return OtherBody
}

// ofAnswer returns the remedy for a request that failed.
func (s Situation) ofAnswer() string {
	switch {
	case s.Fault != 0:
		return s.ofFault()
	case s.Endpoint == TokenEndpoint && s.Code != "":
		return s.ofCode()
	case s.Endpoint == TokenEndpoint || s.Endpoint == Introspection || s.Endpoint == Keys || s.Endpoint == Metadata:
		return s.ofStatus()
	}
	return ""
}

// ofStatus returns the remedy for an answer without an error code, by its status and
// the kind of its body. There is none for a server that is busy or has failed.
func (s Situation) ofStatus() string {
	at := "the address of the " + string(s.Endpoint) + s.key()
	switch {
	case s.Status == 404 || s.Status == 410:
		return s.ofMissing(at)
	case s.Status/100 == 3:
		if s.Leads == "" {
			return "the answer leads elsewhere, often to a login page: check " + at
		}
		return fmt.Sprintf("the answer leads to %.128q, often a login page: check ", s.Leads) + at
	case s.Body == HTML && s.Status < 500:
		return "a web page came instead of JSON: a proxy, a login page or a firewall answered; check " + at + ", and what stands before {issuer}"
	case s.Status == 405:
		return "something else answers there: check " + at
	case s.Status == 401 && (s.Endpoint == TokenEndpoint || s.Endpoint == Introspection):
		return join("{issuer} did not authenticate the client: check {credential} and its id", s.provider().Advice.Credentials)
	case s.Status == 407:
		return "the proxy wants credentials of its own: put them into HTTPS_PROXY"
	}
	return ""
}

// key names the keys of the file that set an address.
func (s Situation) key() string {
	switch s.Endpoint {
	case TokenEndpoint:
		return " (token_url in {issuer_place}, or what the issuer's metadata says)"
	case Keys:
		return " (jwks in {issuer_place}, or what the issuer's metadata says)"
	case Introspection:
		return " (introspection.url in {issuer_place}, or what the issuer's metadata says)"
	}
	return " (url or discovery in {issuer_place})"
}

// ofMissing returns the remedy for an address where there is nothing.
func (s Situation) ofMissing(at string) string {
	if s.Endpoint != Metadata {
		return "nothing is there: check " + at
	}
	text := "{issuer} publishes no metadata: its url must be exactly what tokens have in iss"
	if example := s.provider().Addresses.Issuer; s.Preset != "" && s.Preset != provider.Default && example != "" {
		text += ", such as " + example
	}
	return text + "; if that is right, set jwks and token_url in {issuer_place}"
}

// ofCode returns the remedy for a refusal with an error code.
func (s Situation) ofCode() string {
	p := s.provider()
	if s.Exchange && p.Advice.NoExchange {
		return fmt.Sprintf("%s has no token exchange (RFC 8693): let the service call with a token of its own", p.Product)
	}
	remedy := s.ofMeaning(s.meaning(p), p)
	if s.Code == "invalid_client" && s.isLocal() {
		return join(remedy, "if that is grpcaud dev, the secret may be of an earlier run: "+ofEarlierRun)
	}
	return remedy
}

// meaning returns the meaning of a refusal with an error code.
func (s Situation) meaning(p provider.Provider) provider.Meaning {
	if known := p.Advice.Meaning(s.Status, s.Code, s.Description); known != provider.Unclear {
		return known
	}
	return s.standardMeaning(p.Advice.OwnCodes)
}

// SubjectEnded reports whether an exchange was refused because of the login of the token to
// exchange: the token has ended or was revoked, or the user must be asked again (OpenID
// Connect Core, section 3.1.2.6; RFC 9470, section 3). A code that a provider uses for
// more than one mistake counts only if its description does not tell another.
func (s Situation) SubjectEnded() bool {
	if !s.Exchange {
		return false
	}
	switch s.meaning(s.provider()) {
	case provider.SubjectEnded:
		return true
	case provider.Unclear:
		return slices.Contains([]string{"invalid_grant", "login_required", "interaction_required", "insufficient_user_authentication"}, s.Code)
	}
	return false
}

// standardMeaning returns the meaning of a code (RFC 6749, section 5.2; RFC 8693,
// section 2.2.2; RFC 8707, section 2). A provider with codes of its own uses some of
// these for more than one meaning.
func (s Situation) standardMeaning(ownCodes bool) provider.Meaning {
	switch s.Code {
	case "invalid_client":
		return provider.ClientOrCredential
	case "invalid_scope":
		return provider.ScopeRefused
	case "invalid_target":
		return provider.AudienceRefused
	}
	grant := s.Code == "unauthorized_client" || s.Code == "unsupported_grant_type"
	switch {
	case s.Exchange && grant && (!ownCodes || s.Description == ""):
		return provider.ExchangeRefused
	case ownCodes:
		return provider.Unclear
	case s.Code == "access_denied":
		return provider.AudienceRefused
	case grant:
		return provider.GrantRefused
	case s.Exchange && s.Code == "invalid_grant":
		return provider.SubjectEnded
	}
	return provider.Unclear
}

// ofMeaning returns the remedy for a refusal with this meaning.
func (s Situation) ofMeaning(m provider.Meaning, p provider.Provider) string {
	a := p.Advice
	switch m {
	case provider.CredentialRefused:
		return join("{credential} was not accepted by {issuer}", a.Credentials)
	case provider.CredentialExpired:
		return join("{credential} has expired at {issuer}: make a new one there", a.Credentials)
	case provider.ClientUnknown:
		return join("{issuer} knows no {client}, or has it switched off: write its id there as id of the client", a.NameClients)
	case provider.ClientOrCredential:
		return join("{credential} was not accepted by {issuer}, or it knows no client of this id", a.Credentials)
	case provider.MethodRefused:
		return "{issuer} has {client} registered for another way to authenticate: change it there, or here"
	case provider.GrantRefused:
		return join("{issuer} does not let {client} get tokens as itself: allow it the grant client_credentials", a.Grant)
	case provider.ExchangeRefused:
		return join("{issuer} does not let {client} exchange tokens: allow it there", a.Exchange)
	case provider.SubjectNotForClient:
		return `the token to exchange is not for {client}: its aud must name the client that exchanges it`
	case provider.SubjectEnded:
		return "check that the token to exchange is still valid, and that its aud names the client that exchanges it"
	case provider.ScopeRefused:
		return s.ofScopes(p)
	case provider.AudienceUnknown, provider.AudienceRefused:
		if s.Exchange && a.RefusedExchange != "" {
			return a.RefusedExchange
		}
		return a.RefusedAudience
	case provider.ConsentMissing:
		return join("nobody has consented to what {client} asks for", a.RefusedAudience)
	case provider.IssuerUnknown:
		return "there is no such realm or tenant: check how it is written in {issuer_place}"
	case provider.EncryptionDemanded:
		return "{issuer} wants https: write an https address in {issuer_place}"
	}
	return ""
}

// ofScopes returns the remedy for a refused scope. If there are several, it is not
// known which one is missing.
func (s Situation) ofScopes(p provider.Provider) string {
	a := p.Advice
	asked := strings.Fields(strings.Join(s.Requested, " "))
	if len(asked) == 1 && asked[0] != s.askedAudience(p) {
		s.Scopes = asked
		return s.Fill(cmp.Or(a.MissingScope, "have {issuer} let {client} have the scope {scopes}"))
	}
	if len(asked) <= 1 {
		return cmp.Or(a.RefusedScope, a.RefusedAudience)
	}
	text := fmt.Sprintf("the answer does not say which of the %d scopes was refused: compare %.512s with the scopes that {issuer} lets {client} have", len(asked), strings.Join(asked, ", "))
	if p.Request.Audience.Scope != "" && a.RefusedScope != "" {
		text += "; if it is the one for the audience, " + a.RefusedScope
	}
	return text
}

// askedAudience returns the scope by which the provider is asked for the audience.
func (s Situation) askedAudience(p provider.Provider) string {
	return strings.ReplaceAll(p.Request.Audience.Scope, "{audience}", s.Audience)
}
