package matrixissuer

import (
	"cmp"
	"net/http"
	"slices"
	"sync/atomic"
	"time"

	"github.com/grpcaud/grpcaud/audience/access"
	"github.com/grpcaud/grpcaud/testutil"
)

// defaultLifetime is how long tokens are valid by default.
const defaultLifetime = 5 * time.Minute

// play returns a new issuer.
func (i *Issuers) play(entry access.Issuer) *playedIssuer {
	p := entry.Provider()
	lifetime := cmp.Or(i.options.lifetime, defaultLifetime)
	lifetime = min(lifetime, cmp.Or(entry.MaxLifetime, lifetime))
	writer := &atomic.Pointer[tokenWriter]{}
	issuer := testutil.NewIssuer(entry.URL, testutil.Typ(typ(p.Token)), testutil.Lifetime(lifetime),
		testutil.MutualTLSAlias(i.options.alias), testutil.BackchannelTransport(i.options.backchannel),
		testutil.WriteClaims(func(g testutil.Grant, c testutil.Claims) testutil.Claims { return writer.Load().write(g, c) }))
	if entry.Introspection == (access.Introspection{}) {
		issuer.Fault(testutil.Introspection, http.NotFoundHandler())
	}
	if !p.Token.Service.Everybody() {
		issuer.SetUsers(i.options.users...)
	}
	return &playedIssuer{Issuer: issuer, entry: entry, clients: map[string]bool{}, writer: writer}
}

// registerLocked registers the clients of an issuer with what the policy of s allows them, and
// removes the others.
func (i *Issuers) registerLocked(s *state, name string, issuer *playedIssuer) {
	m := s.matrix
	p := issuer.entry.Provider()
	w := &tokenWriter{token: p.Token, rights: map[target]rights{}, subjects: map[string]bool{}, users: i.options.usersByName(), acr: firstACR(m)}
	current := map[string]bool{}
	if in := issuer.entry.Introspection; in.ClientID != "" {
		current[in.ClientID] = true
		issuer.Register(testutil.Client{ID: in.ClientID, Secret: i.secrets[in.Secret.Env]})
	}
	for client, c := range m.Clients {
		if c.Issuer != name {
			continue
		}
		current[c.ID] = true
		issuer.Register(i.registration(s, client, issuer.entry, w))
	}
	for id := range current {
		w.subjects[w.subject(id)] = true
	}
	issuer.writer.Store(w)
	for id := range issuer.clients {
		if !current[id] {
			issuer.Unregister(id)
		}
	}
	issuer.clients = current
}

// registration returns the registration of a client with what the policy of s allows it,
// and adds its rights to w.
func (i *Issuers) registration(s *state, name string, issuer access.Issuer, w *tokenWriter) testutil.Client {
	m := s.matrix
	c := m.Clients[name]
	r := testutil.Client{
		ID: c.ID, Secret: i.secrets[c.Secret.Env], Scopes: map[string][]string{}, OwnAudiences: []string{c.ID}, Exchange: true,
		Opaque: issuer.Introspected(), Bound: issuer.RequireBound, Public: true,
	}
	i.options.frontEnds[name].add(&r)
	if held, ok := i.certificates[writtenName(name, c.Issuer)]; ok && c.Certificate != (access.CertificateRef{}) {
		r.Certificates = append(r.Certificates, held.cert)
	}
	for service, entry := range m.Services {
		if service == name || slices.Contains(entry.Audiences, c.ID) || slices.Contains(entry.RunsAs, name) {
			r.OwnAudiences = append(r.OwnAudiences, entry.Audiences...)
		}
		granted, ok := s.rightsOf(name, service)
		if !ok {
			continue
		}
		for _, audience := range entry.Audiences {
			r.Audiences = append(r.Audiences, audience)
			r.Scopes[audience] = granted.scopes
			w.rights[target{c.ID, audience}] = granted
		}
	}
	for _, e := range m.External {
		if slices.Contains(e.Clients, name) {
			r.Audiences = append(r.Audiences, e.Audience)
			r.Scopes[e.Audience] = append(r.Scopes[e.Audience], e.Scopes...)
		}
	}
	return r
}

// firstACR returns the first acr, in alphabetical order, that a rule of the matrix
// demands; empty if there is none.
func firstACR(m access.Matrix) string {
	var all []string
	for _, s := range m.Services {
		for _, allow := range s.Allow {
			all = append(all, allow.ACR...)
		}
	}
	if len(all) == 0 {
		return ""
	}
	return slices.Min(all)
}
