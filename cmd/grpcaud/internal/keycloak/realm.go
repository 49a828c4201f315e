package keycloak

import (
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
)

// Realm holds the parts of a realm that decide about tokens. It reads and writes the JSON of
// Keycloak's exports, imports and admin API.
type Realm struct {
	Name           string         `json:"realm"`
	Enabled        bool           `json:"enabled"`
	DefaultScopes  []string       `json:"defaultDefaultClientScopes"`
	OptionalScopes []string       `json:"defaultOptionalClientScopes"`
	Scopes         []Scope        `json:"clientScopes"`
	Clients        []Client       `json:"clients"`
	Roles          *Roles         `json:"roles,omitempty"`
	ScopeMappings  []ScopeMapping `json:"scopeMappings,omitempty"`
}

// Scope is a client scope.
type Scope struct {
	UUID        string            `json:"id,omitempty"` // Keycloak's own; empty before it has one
	Name        string            `json:"name"`
	Description string            `json:"description,omitempty"`
	Protocol    string            `json:"protocol"`
	Attributes  map[string]string `json:"attributes,omitempty"`
	Mappers     []Mapper          `json:"protocolMappers,omitempty"`
}

// Client is a client of a realm. It never holds a secret: Keycloak creates one for a client
// without.
type Client struct {
	UUID           string            `json:"id,omitempty"` // as of [Scope]
	ID             string            `json:"clientId"`
	Description    string            `json:"description,omitempty"`
	Enabled        bool              `json:"enabled"`
	Protocol       string            `json:"protocol"`
	Authenticator  string            `json:"clientAuthenticatorType,omitempty"`
	Public         bool              `json:"publicClient"`
	Code           bool              `json:"standardFlowEnabled"`
	Implicit       bool              `json:"implicitFlowEnabled"`
	Password       bool              `json:"directAccessGrantsEnabled"`
	ServiceAccount bool              `json:"serviceAccountsEnabled"`
	FullScope      bool              `json:"fullScopeAllowed"`
	RedirectURIs   []string          `json:"redirectUris,omitempty"`
	Attributes     map[string]string `json:"attributes,omitempty"`
	Mappers        []Mapper          `json:"protocolMappers,omitempty"`
	Default        []string          `json:"defaultClientScopes"`
	Optional       []string          `json:"optionalClientScopes"`
}

// UnmarshalJSON implements [json.Unmarshaler], with Keycloak's defaults for what is left out.
func (c *Client) UnmarshalJSON(data []byte) error {
	type plain Client
	p := plain{Enabled: true, Code: true, FullScope: true}
	err := json.Unmarshal(data, &p)
	*c = Client(p)
	return err
}

// Mapper writes a claim into tokens.
type Mapper struct {
	UUID     string            `json:"id,omitempty"` // as of [Scope]
	Name     string            `json:"name"`
	Protocol string            `json:"protocol"`
	Kind     string            `json:"protocolMapper"`
	Config   map[string]string `json:"config"`
}

// Roles are the roles of a realm, without those of its clients.
type Roles struct {
	Realm []Role `json:"realm"`
}

// Role is a role.
type Role struct {
	Name string `json:"name"`
}

// ScopeMapping says which roles a client scope lets into tokens.
type ScopeMapping struct {
	Scope string   `json:"clientScope"`
	Roles []string `json:"roles"`
}

// Parse reads a realm as Keycloak exports it.
func Parse(data []byte) (Realm, error) {
	var r Realm
	if err := json.Unmarshal(data, &r); err != nil {
		return Realm{}, fmt.Errorf("not the JSON of a realm: %w", err)
	}
	if r.Name == "" || len(r.Clients) == 0 {
		return Realm{}, errors.New(`not an export of a realm with its clients: got no "realm", or no "clients"`)
	}
	return r, nil
}

const openID = "openid-connect"

// The kinds of mappers.
const (
	mapsAudience  = "oidc-audience-mapper"
	mapsConstant  = "oidc-hardcoded-claim-mapper"
	mapsSubject   = "oidc-sub-mapper"
	mapsNote      = "oidc-usersessionmodel-note-mapper"
	mapsAttribute = "oidc-usermodel-attribute-mapper"
	mapsACR       = "oidc-acr-mapper"
	mapsFullName  = "oidc-full-name-mapper"
	mapsRoles     = "oidc-usermodel-realm-role-mapper"
)

// The settings of mappers.
const (
	intoAccessToken = "access.token.claim"
	intoAnswer      = "introspection.token.claim"
	audienceClient  = "included.client.audience"
	audienceText    = "included.custom.audience"
)

// inScopeClaim is the attribute of a client scope that lists it in the claim scope.
const inScopeClaim = "include.in.token.scope"

// mapper returns a mapper that writes into access tokens and into the answers of
// introspection. Settings come in pairs.
func mapper(name, kind string, settings ...string) Mapper {
	m := Mapper{Name: name, Protocol: openID, Kind: kind, Config: map[string]string{intoAccessToken: "true", intoAnswer: "true"}}
	for i := 0; i < len(settings); i += 2 {
		m.Config[settings[i]] = settings[i+1]
	}
	return m
}

// claim returns a mapper that needs the name of its claim.
func claim(name, kind string, settings ...string) Mapper {
	return mapper(name, kind, append([]string{"claim.name", name, "jsonType.label", "String"}, settings...)...)
}

// scope returns a client scope; visible says whether the claim scope lists it.
func scope(name, description string, visible bool, mappers ...Mapper) Scope {
	return Scope{
		Name: name, Description: description, Protocol: openID, Mappers: mappers,
		Attributes: map[string]string{inScopeClaim: strconv.FormatBool(visible), "display.on.consent.screen": "false"},
	}
}
