package claims

import (
	"fmt"
	"strings"

	"github.com/grpcaud/grpcaud/audience"
	"github.com/grpcaud/grpcaud/internal/provider"
	"github.com/grpcaud/grpcaud/internal/quote"
	"github.com/grpcaud/grpcaud/internal/remedy"
)

// Introspected reads the answer of an introspection request about a token (RFC
// 7662, section 2.2), as strictly as [Preset.Claims] reads a payload. Issuer is
// the iss of the tokens of the issuer that answered. If the answer has an iss, it
// must be that one. The answer must have exp. A token with active false is
// refused with [audience.CauseTokenInactive], and an answer in which active is
// neither true nor false with [audience.CauseIntrospectionUnavailable].
func (p Preset) Introspected(answer []byte, issuer string) (*Claims, error) {
	text := string(answer)
	members, err := p.active(text, issuer)
	if err != nil {
		return nil, err
	}
	if _, ok := members["iss"]; !ok {
		members["iss"] = issuer
	}
	c, err := p.introspection().read(members, text)
	switch {
	case err != nil:
		return nil, err
	case c.issuer != issuer:
		return nil, &audience.Refusal{Cause: audience.CauseIssuerNotAccepted, Got: quote.List(c.issuer), Want: quote.List(issuer)}
	}
	if err := p.tokenType(members); err != nil {
		return nil, err
	}
	return c, nil
}

// introspection returns the preset for answers about tokens: they use the names of
// RFC 7662, unless the preset says that one of them names no client, and the claims that
// only a JWT must have are not required. Where the preset does not tell access tokens by a
// claim, an answer must not look like one about an ID token.
func (p Preset) introspection() Preset {
	p.introspected = true
	p.token.SoleAudienceIsClient = false
	if len(p.token.NotClient) == 0 {
		p.token.Clients = []string{"client_id", "azp"}
	}
	p.token.Scopes = []string{"scope", "scp"}
	p.token.Required, p.token.ClientRequired = nil, false
	if len(p.token.Values) == 0 || len(p.token.Forbidden) == 0 {
		p.token.Forbidden = provider.IDTokenClaims
	}
	return p
}

// namesItself is an additional check for the token of a service in an answer, which
// may lack the claims that tell users from services in a JWT. The answer must not
// tell of a login, and its subject must be the client or the client's account, or be
// missing together with username (RFC 7662, section 2.2).
func (p Preset) namesItself(r *reader, client string) bool {
	subject, sub, account := r.text(p.subject()), r.text("sub"), p.token.Service.Account
	named := subject == client || subject == "" && (sub == "" || sub == client) && !r.has("username")
	return (named || account != nil && r.meets(*account, client)) && !r.login()
}

// dpopClaims are the claims of a token that is bound by DPoP (RFC 9449, section 6).
var dpopClaims = map[string]any{"cnf": map[string]any{"jkt": ""}}

// tokenType refuses a token that is active but is not a bearer access token, such
// as a refresh token.
func (p Preset) tokenType(members map[string]any) error {
	if use, ok := members["token_use"]; ok && use != "access" && use != "access_token" {
		return &audience.Refusal{Cause: audience.CauseTypeNotAllowed, Got: fmt.Sprintf("token_use %.64q", fmt.Sprint(use)), Want: quote.List("access_token")}
	}
	kind, ok := members["token_type"]
	if !ok {
		return nil
	}
	switch text, _ := kind.(string); strings.ToLower(text) {
	case "bearer":
		return nil
	case "dpop":
		return &audience.Refusal{Cause: audience.CauseBindingUnsupported, Got: "token_type " + quote.List(text), Want: quote.List("Bearer"), Hint: p.remedy(remedy.Situation{Cause: string(audience.CauseBindingUnsupported)}, dpopClaims)}
	default:
		return &audience.Refusal{Cause: audience.CauseTypeNotAllowed, Got: fmt.Sprintf("token_type %.64q", fmt.Sprint(kind)), Want: quote.List("Bearer")}
	}
}
