package preset

import (
	"go.yaml.in/yaml/v3"

	"github.com/grpcaud/grpcaud/internal/provider"
)

// comments say what a key means, where its name does not.
var comments = map[string]string{
	"types":                   "typ headers of access tokens; none is a token without one",
	"client":                  "where the client's id stands; the first that is present counts",
	"client_optional":         "tokens that name no client are accepted; rules that list clients refuse them",
	"sole_audience_is_client": "else the only value of aud is the client",
	"not_client":              "may also hold a text that ends like this, which is not the client's id",
	"caller_claims":           "a rule that demands values of these need not list clients",
	"subject_optional":        "a user's token may lack the subject",
	"required":                "claims that each token must have",
	"values":                  "claims that must have this text",
	"forbidden":               "claims that mark tokens of other kinds",
	"scope_lists":             "scopes may be an array as well",
	"role_scope":              "clients ask for this scope to have roles",
	"services":                "a token is a service's own if all parts of one item hold",
	"services_uncertain":      "they may be wrong, so that no rule can have callers",
	"client_account":          "marks the subject of an exchanged token as a client",
	"audiences":               "for which audiences a client gets tokens: any, those granted to it, or none (as granted, and\ntokens may lack aud)",
	"exchange_audience":       "a token exchange has the parameter audience, too",
}

// comment writes what the keys of a mapping mean above them.
func comment(node *yaml.Node, p provider.Provider) {
	for i := 0; i < len(node.Content); i += 2 {
		key := node.Content[i]
		key.HeadComment = comments[key.Value]
		switch key.Value + ": " + node.Content[i+1].Value {
		case "services: all":
			key.HeadComment = "services alone get tokens"
		case "services: none":
			key.HeadComment = "users alone get tokens"
		case "forbidden: none":
			key.HeadComment = "the type alone tells access tokens from others"
		}
	}
	if p.Request.Alternative != "" {
		node.FootComment = "its tokens come from no token endpoint: name their files as token_files of a client"
	}
}
