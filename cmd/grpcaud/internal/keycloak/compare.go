package keycloak

import (
	"fmt"
	"slices"
)

// Finding is one difference between the realm that a matrix needs and the existing one.
type Finding struct {
	// Kind is Grants or Lacks.
	Kind string `json:"kind"`

	// Client is the client whose tokens it is about.
	Client string `json:"client"`

	// Audience is the audience that the client can have, and should not, or cannot have, and
	// should. It is empty if the finding is about something else.
	Audience string `json:"audience,omitempty"`

	// Text says what is different, and Fix what to change in the admin console.
	Text string `json:"text"`
	Fix  string `json:"fix"`

	// Commands are the commands of kcadm.sh that fix it, quoted for a POSIX shell. They
	// hold no secret. They are empty if the ids of the realm's parts are not known.
	Commands []string `json:"commands,omitempty"`
}

// The kinds of findings: the realm gives what the matrix does not allow, or does not give what
// it allows.
const (
	Grants = "grants"
	Lacks  = "lacks"
)

// Compare returns what a realm gives beyond the wanted one, which [Export] makes, and what it
// lacks.
func Compare(want, got Realm) []Finding {
	c := comparison{realm: got.Name, want: newIndex(want), got: newIndex(got)}
	c.completed = c.got.withClients(want.Clients)
	for _, client := range want.Clients {
		has, ok := c.got.clients[client.ID]
		switch {
		case !ok:
			c.lacks(client.ID, "create it: grpcaud export --to keycloak has it", "the realm has no such client").Commands = c.create(client)
		case !has.Enabled:
			c.lacks(client.ID, "enable it", "the client is disabled: it gets no token, and no token names it as audience").Commands = c.set(has, "enabled=true")
		case client.ServiceAccount:
			c.client(client, has)
		}
	}
	for _, client := range got.Clients {
		if wanted, ok := c.want.clients[client.ID]; (!ok || !wanted.ServiceAccount) && client.Enabled {
			c.unknownClient(client)
		}
	}
	return c.found
}

type comparison struct {
	realm     string // its name
	want, got index
	completed index // got with the clients of want, as if these had been created
	found     []Finding
}

func (c *comparison) grants(client, fix, format string, args ...any) *Finding {
	return c.find(Grants, client, fix, fmt.Sprintf(format, args...))
}

func (c *comparison) lacks(client, fix, format string, args ...any) *Finding {
	return c.find(Lacks, client, fix, fmt.Sprintf(format, args...))
}

// find adds a finding, and returns it until the next one is added.
func (c *comparison) find(kind, client, fix, text string) *Finding {
	c.found = append(c.found, Finding{Kind: kind, Client: client, Text: text, Fix: fix})
	return &c.found[len(c.found)-1]
}

// client compares a client that gets tokens.
func (c *comparison) client(want, got Client) {
	c.settings(want, got)
	c.riskyMappers(got)
	allowed := c.want.grants(want)
	for _, g := range c.completed.grants(got) {
		known := c.want.audiences[g.audience]
		is := slices.ContainsFunc(allowed, func(a grant) bool { return a.audience == g.audience })
		switch {
		case known && !is:
			f := c.grants(want.ID, removal(g), "its tokens can name %q, which the matrix does not let it call, by the %s %q", g.audience, g.how, g.by)
			f.Audience, f.Commands = g.audience, c.remove(got, g)
		case g.how == byDefault:
			c.grants(want.ID, fmt.Sprintf("make the client scope %q optional", g.by), "all of its tokens name %q, by the %s %q", g.audience, g.how, g.by).Commands = c.makeOptional(got, g.by)
		case g.how == byMapper:
			c.grants(want.ID, removal(g), "all of its tokens name %q, by the %s %q", g.audience, g.how, g.by).Commands = c.remove(got, g)
		}
	}
	for _, g := range allowed {
		if g.how == onRequest {
			before := len(c.found)
			c.audience(want, got, g)
			for i := range c.found[before:] {
				c.found[before+i].Audience = g.audience
			}
		}
	}
	c.permissions(want, got)
}

// settings compares what is not a scope.
func (c *comparison) settings(want, got Client) {
	if got.FullScope {
		c.grants(want.ID, "switch off full scope allowed", "full scope is allowed: its tokens hold every role of the user, and may name the clients of these roles as audience").Commands = c.set(got, "fullScopeAllowed=false")
	}
	if !got.ServiceAccount {
		c.lacks(want.ID, "switch on service accounts roles", "it has no service account: it gets no token as itself").Commands = c.set(got, "serviceAccountsEnabled=true")
	}
	if got.Public {
		c.grants(want.ID, "switch on client authentication", "it proves nothing: whoever knows its name can be it").Commands = c.set(got, "publicClient=false")
	}
	if want.Attributes[exchange] != "true" && got.Attributes[exchange] == "true" {
		c.grants(want.ID, "switch off standard token exchange", "it may exchange tokens, and the matrix has nothing that it calls for others").Commands = c.set(got, exchangeSetting+"false")
	}
	if want.Attributes[exchange] == "true" && got.Attributes[exchange] != "true" {
		c.lacks(want.ID, "switch on standard token exchange", "it may not exchange the token of its caller for one to call others with").Commands = c.set(got, exchangeSetting+"true")
	}
}

// exchangeSetting is the setting of a client that lets it exchange tokens.
const exchangeSetting = `attributes."` + exchange + `"=`

// audience checks that a client gets the audience that it requests.
func (c *comparison) audience(want, got Client, g grant) {
	s, ok := c.got.scopes[g.by]
	switch assigned := slices.Contains(slices.Concat(got.Default, got.Optional), g.by); {
	case !ok:
		c.lacks(want.ID, fmt.Sprintf("create it, with an audience mapper for %q, and add it as optional", g.audience), "there is no client scope %q, which it asks for to call %q", g.by, g.audience).Commands = c.give(got, g.by)
	case !assigned:
		c.lacks(want.ID, fmt.Sprintf("add the client scope %q as optional", g.by), "it may not ask for the client scope %q, and so not for tokens for %q", g.by, g.audience).Commands = c.give(got, g.by)
	case !slices.ContainsFunc(s.Mappers, func(m Mapper) bool { return c.got.audience(m) == g.audience }):
		c.lacks(want.ID, fmt.Sprintf("add an audience mapper for %q to it, with add to access token on", g.audience), "the client scope %q puts no %q into tokens", g.by, g.audience).Commands = c.give(got, g.by)
	}
}

// permissions compares the scopes that services demand.
func (c *comparison) permissions(want, got Client) {
	wanted, has := c.want.permissions(want), c.got.permissions(got)
	for _, name := range has {
		if s, ok := c.want.scopes[name]; ok && s.Attributes[inScopeClaim] == "true" && !slices.Contains(wanted, name) {
			c.grants(want.ID, fmt.Sprintf("remove the client scope %q from it", name), "it can have the scope %q, which no rule of the matrix asks of it", name).Commands = c.removeScope(got, name)
		}
	}
	for _, name := range wanted {
		if !slices.Contains(has, name) {
			c.lacks(want.ID, fmt.Sprintf("create the client scope %q if there is none, with include in token scope on, and add it as optional", name), "it cannot have the scope %q, which a rule asks of it", name).Commands = c.give(got, name)
		}
	}
}

// unknownClient checks a client that the matrix does not let call any service.
func (c *comparison) unknownClient(client Client) {
	if !client.getsTokens() {
		return
	}
	c.riskyMappers(client)
	for _, g := range c.completed.grants(client) {
		if c.want.audiences[g.audience] {
			c.grants(client.ID, removal(g), "the matrix does not know it as a client, and its tokens can name %q, by the %s %q", g.audience, g.how, g.by).Commands = c.remove(client, g)
		}
	}
}

// getsTokens reports whether c has a way to get a token.
func (c Client) getsTokens() bool {
	further := slices.ContainsFunc([]string{device, backchannel, exchange}, func(flow string) bool { return c.Attributes[flow] == "true" })
	return c.ServiceAccount || c.Code || c.Implicit || c.Password || further
}

// riskyMappers finds mappers by which a client's tokens name another client, or unknown
// audiences.
func (c *comparison) riskyMappers(client Client) {
	for _, m := range c.got.mappers(client) {
		claim := m.Config["claim.name"]
		switch {
		case m.Config[intoAccessToken] != "true", claim == "client_id" && m.Kind == mapsNote:
		case claim == "azp", claim == "client_id", claim == "aud" && m.Kind != mapsConstant:
			c.grants(client.ID, fmt.Sprintf("delete the mapper %q", m.Name), "its tokens have in %q what the mapper %q writes there, of the kind %q: they may pass for those of others, or for others", claim, m.Name, m.Kind).Commands = c.deleteMapper(client, m.Name)
		}
	}
}

// removal says how to remove an audience.
func removal(g grant) string {
	if g.how == byMapper {
		return fmt.Sprintf("delete the mapper %q of the client", g.by)
	}
	return fmt.Sprintf("remove the client scope %q from it", g.by)
}
