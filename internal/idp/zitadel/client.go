package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/zitadel/oidc/v3/example/server/storage"
	"github.com/zitadel/oidc/v3/pkg/oidc"
	"github.com/zitadel/oidc/v3/pkg/op"
)

// callback is where clients take the codes of people who log in.
const callback = "http://127.0.0.1/callback"

var (
	onBehalf  = []oidc.GrantType{oidc.GrantTypeClientCredentials, oidc.GrantTypeTokenExchange}
	forPeople = []oidc.GrantType{oidc.GrantTypeClientCredentials, oidc.GrantTypeCode, oidc.GrantTypeRefreshToken}
)

// clients are the company's. A client's secret is its id followed by -secret.
var clients = map[string]*client{
	"customer-portal": {
		Client: web("customer-portal"), grants: forPeople,
		audiences: []string{"order-status"}, scopes: []string{"orders.read"},
	},
	"backoffice-portal": {
		Client: web("backoffice-portal"), grants: slices.Concat(forPeople, onBehalf),
		audiences: []string{"order-status", "human-resource"}, scopes: []string{"orders.read", "orders.write"},
	},
	"order-status": {
		Client: web("order-status"), grants: onBehalf,
		audiences: []string{"human-resource"},
	},
	"human-resource": {Client: web("human-resource"), grants: onBehalf},
}

// client is a client of the example whose access tokens are JWTs.
type client struct {
	op.Client
	grants            []oidc.GrantType
	audiences, scopes []string // that it may ask for
}

func web(id string) op.Client { return storage.WebClient(id, id+"-secret", callback) }

func (c *client) GrantTypes() []oidc.GrantType        { return c.grants }
func (c *client) AccessTokenType() op.AccessTokenType { return op.AccessTokenTypeJWT }
func (c *client) IsScopeAllowed(scope string) bool {
	return slices.Contains(c.scopes, scope) || audience(scope) != ""
}

// audience returns the audience that scope asks for, empty if it asks for none.
func audience(scope string) string {
	if name, ok := strings.CutPrefix(scope, "urn:zitadel:iam:org:project:id:"); ok {
		return strings.TrimSuffix(name, ":aud")
	}
	return ""
}

// request returns the audiences that c asks for with scopes.
func (c *client) request(scopes []string) ([]string, error) {
	var asked []string
	for _, scope := range scopes {
		if a := audience(scope); a != "" {
			asked = append(asked, a)
		}
	}
	return asked, c.check(asked)
}

// check refuses audiences that c may not ask for.
func (c *client) check(audiences []string) error {
	for _, a := range audiences {
		if !slices.Contains(c.audiences, a) {
			return &oidc.Error{ErrorType: "invalid_target", Description: fmt.Sprintf("client %s may not request %s", c.GetID(), a)}
		}
	}
	return nil
}

// permissions returns those of scopes that c has, as the scope claim writes
// them.
func (c *client) permissions(scopes []string) string {
	return strings.Join(slices.DeleteFunc(slices.Clone(scopes), func(s string) bool { return !slices.Contains(c.scopes, s) }), " ")
}
