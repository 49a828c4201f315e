package keycloak

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/grpcaud/grpcaud/audience/access"
	"github.com/grpcaud/grpcaud/cmd/grpcaud/internal/login"
	"github.com/grpcaud/grpcaud/internal/provider"
)

// Options are what the matrix does not say. The zero value is useful.
type Options struct {
	// Issuer is the name of the issuer in the matrix that is the realm; empty means the only one
	// whose preset is keycloak.
	Issuer string

	// Realm is the realm's name; empty means the one in the issuer's URL.
	Realm string

	// Exchange are the names of clients that may exchange tokens, in addition to services that
	// call others.
	Exchange []string

	// Logins are the redirect URIs of clients at which users log in.
	Logins map[string][]string

	// Logouts are the URLs at which such clients are told of the end of a session (OpenID
	// Connect Back-Channel Logout, section 2.2): one for each client.
	Logouts map[string][]string

	// AfterLogout are the addresses to which such clients send a browser after a logout
	// (OpenID Connect RP-Initiated Logout, section 3).
	AfterLogout map[string][]string
}

// Export returns the realm that gives each client of the policy a token for each service that
// it may call, with the scopes that it needs, and for no other. The texts say what of the
// policy a realm cannot express.
func Export(policy *access.Policy, o Options) (Realm, []string, error) {
	e := exporter{
		policy: policy, matrix: policy.Matrix(),
		clients: map[string]*Client{}, scopes: map[string]Scope{}, roles: map[string]bool{}, optional: map[string][]string{},
	}
	if err := e.chooseIssuer(o); err != nil {
		return Realm{}, nil, err
	}
	e.addCallees()
	e.addScopes()
	e.addOptional()
	for _, name := range slices.Sorted(maps.Keys(e.matrix.Clients)) {
		if e.matrix.Clients[name].Issuer == e.issuer {
			e.addClient(name)
		}
	}
	if err := e.applyOptions(o); err != nil {
		return Realm{}, nil, err
	}
	if len(o.Logins) == 0 {
		e.noteLogins()
	}
	return e.realm(o.Realm), e.notes, nil
}

// exporter fills a realm.
type exporter struct {
	policy   *access.Policy
	matrix   access.Matrix
	issuer   string // its name
	template string // of the scope that stands for an audience

	callees  []callee
	clients  map[string]*Client // by their ids
	scopes   map[string]Scope
	optional map[string][]string // scopes of clients, by their names
	roles    map[string]bool     // of the realm, that rules demand
	notes    []string
}

// note records what is not in the realm.
func (e *exporter) note(format string, args ...any) {
	e.notes = append(e.notes, fmt.Sprintf(format, args...))
}

// chooseIssuer finds the issuer, and how it is asked for an audience.
func (e *exporter) chooseIssuer(o Options) error {
	e.issuer = o.Issuer
	if e.issuer == "" {
		for name, issuer := range e.matrix.Issuers {
			if issuer.Preset != provider.Keycloak {
				continue
			}
			if e.issuer != "" {
				return fmt.Errorf("issuers %q and %q are both Keycloak's: choose one with --issuer", min(e.issuer, name), max(e.issuer, name))
			}
			e.issuer = name
		}
	}
	issuer, ok := e.matrix.Issuers[e.issuer]
	switch {
	case e.issuer == "":
		return fmt.Errorf("no issuer of the file has preset: keycloak")
	case !ok:
		return fmt.Errorf("no issuer %q in the file", e.issuer)
	case !issuer.Dialect.IsZero():
		return fmt.Errorf("issuer %q has a preset of its own, which is not Keycloak's: write preset: keycloak", e.issuer)
	case issuer.Preset != provider.Keycloak:
		return fmt.Errorf("issuer %q has preset: %s, which is not Keycloak", e.issuer, issuer.Preset)
	}
	e.template = cmp.Or(issuer.Ask.Scope, issuer.Provider().Request.Audience.Scope)
	if issuer.Ask.Parameter != "" || len(issuer.Ask.TokenURLs) > 0 {
		e.note("how clients ask issuer %q for an audience: Keycloak gives one for a scope alone; take ask out of the file", e.issuer)
	}
	return nil
}

// applyOptions applies the options to the clients.
func (e *exporter) applyOptions(o Options) error {
	for _, name := range o.Exchange {
		client, err := e.client(name)
		if err != nil {
			return err
		}
		client.Attributes[exchange] = "true"
	}
	return e.applyLogins(o)
}

// noteLogins notes that no client lets users log in, although services admit users.
func (e *exporter) noteLogins() {
	for _, c := range e.callees {
		if slices.ContainsFunc(c.entries, login.ForUsers) {
			e.note("a login for users: service %q has entries for them alone; name the client at which they log in with --login of grpcaud export", c.name)
		}
	}
}

func (e *exporter) client(name string) (*Client, error) {
	if client, ok := e.clients[e.matrix.Clients[name].ID]; ok {
		return client, nil
	}
	return nil, fmt.Errorf("no client %q of issuer %q in the file", name, e.issuer)
}

// realm returns the realm, with its parts sorted by name.
func (e *exporter) realm(name string) Realm {
	if name == "" {
		_, name, _ = strings.Cut(e.matrix.Issuers[e.issuer].URL, "/realms/")
		name = strings.TrimSuffix(name, "/")
	}
	if name == "" {
		name = e.issuer
	}
	r := Realm{Name: name, Enabled: true, DefaultScopes: e.defaults(), OptionalScopes: []string{}}
	for _, name := range slices.Sorted(maps.Keys(e.scopes)) {
		r.Scopes = append(r.Scopes, e.scopes[name])
	}
	for _, id := range slices.Sorted(maps.Keys(e.clients)) {
		r.Clients = append(r.Clients, *e.clients[id])
	}
	if roles := slices.Sorted(maps.Keys(e.roles)); len(roles) > 0 {
		r.Roles = &Roles{}
		for _, role := range roles {
			r.Roles.Realm = append(r.Roles.Realm, Role{role})
		}
		r.ScopeMappings = []ScopeMapping{{rolesScope, roles}}
	}
	return r
}
