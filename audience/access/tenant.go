package access

import (
	"cmp"
	"maps"
	"slices"
	"strings"
)

// tenantMark stands for a tenant in the addresses of an issuer.
const tenantMark = "{tenant}"

// tenants is a matrix in which each tenant of an issuer is an issuer of its own, under
// the name ISSUER/TENANT, and each client of such an issuer is one client of each
// tenant, under the name CLIENT/TENANT. Lists that name the issuer or the client name
// them all instead.
type tenants struct {
	matrix  Matrix
	issuers map[string][]string // the names of the tenants' issuers, by the name in the file
	clients map[string][]string // the names of the tenants' clients, by the name in the file
	only    []string            // the issuers of what names none, if the file has one issuer
	clashes []place             // entries of the file whose name was made for a tenant
}

// ByTenant returns m as [New] reads it: each tenant of an issuer is an issuer of its
// own, and each client of such an issuer one client of each tenant; see
// [Issuer.Tenants]. It shares what it does not change with m.
func (m Matrix) ByTenant() Matrix { return m.byTenant().matrix }

// byTenant expands the issuers with tenants. It shares what it does not change with m.
func (m Matrix) byTenant() tenants {
	t := tenants{matrix: m, issuers: map[string][]string{}, clients: map[string][]string{}}
	t.matrix.Issuers = map[string]Issuer{}
	for _, name := range slices.Sorted(maps.Keys(m.Issuers)) {
		t.addIssuer(name, m.Issuers[name])
	}
	if len(t.issuers) == 0 {
		return t
	}
	only := ""
	if len(m.Issuers) == 1 {
		only = slices.Collect(maps.Keys(m.Issuers))[0]
		t.only = t.issuers[only]
	}
	t.matrix.Clients = map[string]Client{}
	for _, name := range slices.Sorted(maps.Keys(m.Clients)) {
		t.addClient(name, m.Clients[name], only)
	}
	t.matrix.Services = map[string]Service{}
	for name, s := range m.Services {
		t.matrix.Services[name] = t.service(s)
	}
	t.addStatements(m.Never)
	t.matrix.External = maps.Clone(m.External)
	for name, e := range t.matrix.External {
		e.Clients = replaced(e.Clients, t.clients)
		t.matrix.External[name] = e
	}
	return t
}

// service names the issuers and the clients of tenants in a service.
func (t *tenants) service(s Service) Service {
	if len(s.Issuers) == 0 {
		s.Issuers = t.only
	}
	s.RunsAs = replaced(s.RunsAs, t.clients)
	s.Issuers, s.Allow, s.Rollout = replaced(s.Issuers, t.issuers), slices.Clone(s.Allow), slices.Clone(s.Rollout)
	for i := range s.Allow {
		s.Allow[i].Clients = replaced(s.Allow[i].Clients, t.clients)
	}
	for i := range s.Rollout {
		s.Rollout[i].Clients = replaced(s.Rollout[i].Clients, t.clients)
	}
	return s
}

// addStatements adds statements about the client of each tenant.
func (t *tenants) addStatements(all []Never) {
	t.matrix.Never = slices.Clone(all)
	for i, n := range all {
		t.matrix.Never[i].From = replaced(n.From, t.clients)
	}
}

// addIssuer adds an issuer, or one issuer for each of its tenants. Issuers come in the
// order of their names, so that a name that was made for a tenant is known before the
// file's own use of it.
func (t *tenants) addIssuer(name string, i Issuer) {
	if _, taken := t.matrix.Issuers[name]; taken {
		t.clashes = append(t.clashes, place{"issuers", name})
		return
	}
	i.TrustDomain = i.trustDomain()
	if len(i.Tenants) == 0 {
		t.matrix.Issuers[name] = i
		return
	}
	for _, tenant := range i.Tenants {
		one := name + "/" + tenant
		t.matrix.Issuers[one] = i.of(tenant)
		t.issuers[name] = append(t.issuers[name], one)
	}
}

// addClient adds a client, or one client for each tenant of its issuer. Clients come in
// the order of their names, for the same reason as issuers. only is the name of the
// issuer of clients that name none.
func (t *tenants) addClient(name string, c Client, only string) {
	if _, taken := t.matrix.Clients[name]; taken {
		t.clashes = append(t.clashes, place{"clients", name})
		return
	}
	issuers := t.issuers[cmp.Or(c.Issuer, only)]
	if len(issuers) == 0 {
		t.matrix.Clients[name] = c
		return
	}
	c.ID = cmp.Or(c.ID, name)
	for _, issuer := range issuers {
		_, tenant, _ := cutLast(issuer)
		c.Issuer = issuer
		one := name + "/" + tenant
		t.matrix.Clients[one] = c
		t.clients[name] = append(t.clients[name], one)
	}
}

// of returns i for one tenant.
func (i Issuer) of(tenant string) Issuer {
	i.Tenants = nil
	for _, address := range []*string{&i.URL, &i.Discovery, &i.JWKS, &i.KeysFile, &i.TokenURL, &i.Introspection.URL, &i.AssertionAudience} {
		*address = strings.ReplaceAll(*address, tenantMark, tenant)
	}
	i.Ask.TokenURLs = maps.Clone(i.Ask.TokenURLs)
	for service, address := range i.Ask.TokenURLs {
		i.Ask.TokenURLs[service] = strings.ReplaceAll(address, tenantMark, tenant)
	}
	return i
}

// written returns the names in the file of the issuers and clients that were made for
// tenants.
func (t tenants) written() map[place]string {
	names := map[place]string{}
	for section, made := range map[string]map[string][]string{"issuers": t.issuers, "clients": t.clients} {
		for name, several := range made {
			for _, one := range several {
				names[place{section, one}] = name
			}
		}
	}
	return names
}

// replaced returns the names in which each name that stands for several is replaced by
// these.
func replaced(names []string, by map[string][]string) []string {
	if !slices.ContainsFunc(names, func(name string) bool { return by[name] != nil }) {
		return names
	}
	var all []string
	for _, name := range names {
		if several := by[name]; several != nil {
			all = append(all, several...)
		} else {
			all = append(all, name)
		}
	}
	return all
}

// tenantClients returns the clients of tenants by the name that stands for them: NAME
// for NAME/TENANT, a client of ISSUER/TENANT, where no client has the name NAME.
func (m Matrix) tenantClients() map[string][]string {
	clients := map[string][]string{}
	for _, one := range slices.Sorted(maps.Keys(m.Clients)) {
		name, tenant, ok := cutLast(one)
		_, other, tenanted := cutLast(m.Clients[one].Issuer)
		if _, taken := m.Clients[name]; ok && tenanted && tenant == other && !taken {
			clients[name] = append(clients[name], one)
		}
	}
	return clients
}

// ofTenants returns the options in which each client that stands for the clients of
// several tenants is replaced by these clients.
func (m Matrix) ofTenants(options []MethodOptions) []MethodOptions {
	clients := m.tenantClients()
	options = slices.Clone(options)
	for i := range options {
		options[i].Demands.Clients = replaced(options[i].Demands.Clients, clients)
	}
	return options
}

// cutLast cuts a name at its last slash.
func cutLast(name string) (before, after string, ok bool) {
	i := strings.LastIndexByte(name, '/')
	if i < 0 {
		return name, "", false
	}
	return name[:i], name[i+1:], true
}
