package keycloak

import (
	"maps"
	"slices"
	"strings"
)

// The ways in which an audience gets into a client's tokens.
const (
	onRequest = "optional scope"
	byDefault = "default scope"
	byMapper  = "mapper of its own"
)

// grant is an audience that the tokens of a client can have.
type grant struct {
	audience string
	how      string // onRequest, byDefault or byMapper
	by       string // the name of the scope, or of the mapper
}

// index finds the parts of a realm by their names.
type index struct {
	clients   map[string]Client
	scopes    map[string]Scope
	audiences map[string]bool // that there is a client scope for
}

func newIndex(r Realm) index {
	x := index{map[string]Client{}, map[string]Scope{}, map[string]bool{}}
	for _, c := range r.Clients {
		x.clients[c.ID] = c
	}
	for _, s := range r.Scopes {
		x.scopes[s.Name] = s
	}
	for _, s := range r.Scopes {
		for _, m := range s.Mappers {
			if aud := x.audience(m); aud != "" {
				x.audiences[aud] = true
			}
		}
	}
	return x
}

// withClients returns x with these clients, which replace clients of the same id.
func (x index) withClients(clients []Client) index {
	x.clients = maps.Clone(x.clients)
	for _, c := range clients {
		x.clients[c.ID] = c
	}
	return x
}

// grants returns the audiences that tokens of c can have. Keycloak does not name a disabled
// client as audience.
func (x index) grants(c Client) []grant {
	var all []grant
	for _, m := range c.Mappers {
		if aud := x.audience(m); aud != "" {
			all = append(all, grant{aud, byMapper, m.Name})
		}
	}
	for _, by := range []struct {
		how    string
		scopes []string
	}{{byDefault, c.Default}, {onRequest, c.Optional}} {
		for _, name := range by.scopes {
			for _, m := range x.scopes[name].Mappers {
				if aud := x.audience(m); aud != "" {
					all = append(all, grant{aud, by.how, name})
				}
			}
		}
	}
	return all
}

// mappers returns those of c and of its scopes.
func (x index) mappers(c Client) []Mapper {
	all := slices.Clone(c.Mappers)
	for _, name := range slices.Concat(c.Default, c.Optional) {
		all = append(all, x.scopes[name].Mappers...)
	}
	return all
}

// audience returns what m adds to the aud of access tokens; empty if it adds nothing.
func (x index) audience(m Mapper) string {
	switch {
	case m.Config[intoAccessToken] != "true":
		return ""
	case m.Kind == mapsConstant && m.Config["claim.name"] == "aud":
		return m.Config["claim.value"]
	case m.Kind != mapsAudience:
		return ""
	}
	if id := m.Config[audienceClient]; id != "" {
		if x.clients[id].Enabled {
			return id
		}
		return ""
	}
	return strings.TrimSpace(m.Config[audienceText])
}

// permissions returns the scopes of c that tokens list, requested or not.
func (x index) permissions(c Client) []string {
	var all []string
	for _, name := range slices.Concat(c.Default, c.Optional) {
		if s, ok := x.scopes[name]; ok && s.Attributes[inScopeClaim] != "false" {
			all = append(all, name)
		}
	}
	return all
}
