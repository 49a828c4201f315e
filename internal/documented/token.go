// Package documented has the tokens that providers issue by their documentation, for
// tests: for each preset, access tokens that are accepted, and tokens of other kinds
// that are refused. Names, ids and domains are ours.
package documented

import (
	"embed"
	"encoding/json"
	"fmt"
	"maps"
	"time"
)

// Token is a token of a documented shape.
type Token struct {
	Name           string         `json:"name"` // what it is, such as "an ID token"
	Header, Claims map[string]any // iat, exp and the like as of 2026

	// Refused is the cause for which the reader of claims refuses it; "*" for any, and
	// empty for an access token.
	Refused string `json:"refused"`

	// The fields below are what an access token says.
	Client, User  string
	Scopes, Roles []string
	Service       bool // the token is the client's own
}

//go:embed tokens/*.json
var tokens embed.FS

// Tokens returns the tokens of a preset. It panics if there are none, or if they cannot
// be read.
func Tokens(preset string) []Token {
	data, err := tokens.ReadFile("tokens/" + preset + ".json")
	if err != nil {
		panic(fmt.Sprintf("documented: preset %s has no tokens: %v", preset, err))
	}
	var all []Token
	if err := json.Unmarshal(data, &all); err != nil {
		panic(fmt.Sprintf("documented: tokens of preset %s: %v", preset, err))
	}
	return all
}

// Issuer returns the iss of the token.
func (t Token) Issuer() string { return t.Claims["iss"].(string) }

// IssuedAt returns the claims of the token as if it were issued at that time.
func (t Token) IssuedAt(at time.Time) map[string]any {
	claims := maps.Clone(t.Claims)
	later := at.Unix() - int64(claims["iat"].(float64))
	for _, name := range []string{"iat", "nbf", "exp", "auth_time"} {
		if seconds, ok := claims[name].(float64); ok {
			claims[name] = int64(seconds) + later
		}
	}
	return claims
}
