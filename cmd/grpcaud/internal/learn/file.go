package learn

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/grpcaud/grpcaud/audience/access"
	"github.com/grpcaud/grpcaud/cmd/grpcaud/internal/output"
	"github.com/grpcaud/grpcaud/cmd/grpcaud/internal/recorded"
)

// file returns the matrix as text.
func (p *plan) file(head string) ([]byte, error) {
	top, document := mapping(), yaml.Node{Kind: yaml.DocumentNode}
	if p.base != nil {
		top, document = p.base.file, p.base.document
	} else {
		set(top, "version", &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!int", Value: "1"})
		document.Content = []*yaml.Node{top}
		p.writeIssuers(section(top, "issuers"))
	}
	p.writeServices(section(top, "services"))
	p.writeClients(top)
	body, err := encode(&document)
	return append([]byte(head), body...), err
}

func (p *plan) writeIssuers(to *yaml.Node) {
	used := map[string]bool{}
	for _, s := range p.services {
		for name := range s.issuers {
			used[name] = true
		}
	}
	byName := map[string]access.Issuer{}
	for _, i := range p.issuers {
		if used[i.name] {
			byName[i.name] = i.issuer
		}
	}
	for _, name := range slices.Sorted(maps.Keys(byName)) {
		n := section(to, name)
		set(n, "url", text(byName[name].URL))
		set(n, "preset", text(byName[name].Preset))
		if byName[name].InsecureLoopback {
			set(n, "insecure", text("loopback"))
		}
	}
	p.issuerNames = used
}

func (p *plan) writeServices(to *yaml.Node) {
	for _, key := range slices.Sorted(maps.Keys(p.services)) {
		s := p.services[key]
		n := section(to, s.name)
		if p.base == nil {
			p.writeService(n, s)
		}
		set(n, "allow", entryNodes(s.entries))
		if closed := p.uncalled(s); len(closed) > 0 {
			set(n, "closed", texts(append(slices.Clone(s.service.Closed), closed...)))
		}
	}
}

// writeService writes what a new service has beside its entries.
func (p *plan) writeService(n *yaml.Node, s *plannedService) {
	switch issuers := slices.Sorted(maps.Keys(s.issuers)); {
	case len(p.issuerNames) < 2:
	case len(issuers) == 1:
		set(n, "issuer", text(issuers[0]))
	default:
		set(n, "issuers", texts(issuers))
	}
	switch a := s.service.Audiences; len(a) {
	case 0:
	case 1:
		set(n, "audience", text(a[0]))
	default:
		set(n, "audience", texts(a))
	}
	set(n, "grpc", texts(s.service.GRPC))
	if s.overHTTP() {
		set(n, "http", mapping())
	}
}

// overHTTP reports whether calls of operations were seen, whose paths google.api.http says.
func (s *plannedService) overHTTP() bool {
	for _, calls := range s.methods {
		if calls[""] {
			return true
		}
	}
	return false
}

// entryNodes returns what stands under allow.
func entryNodes(entries []entry) *yaml.Node {
	list := &yaml.Node{Kind: yaml.SequenceNode}
	for i := range entries {
		e, n := &entries[i], mapping()
		set(n, "clients", texts(e.clients))
		set(n, "methods", texts(e.methods))
		if len(e.scopes) == 0 {
			set(n, "scopes", text("none"))
		} else {
			set(n, "scopes", texts(e.scopes))
		}
		if e.kind != "" {
			set(n, "callers", text(string(e.kind)))
		}
		set(n, "why", text(e.why()))
		list.Content = append(list.Content, n)
	}
	return list
}

// uncalled returns the methods in the descriptors, and the operations of the base, that
// nobody called: a server does not start without a rule for each.
func (p *plan) uncalled(s *plannedService) []string {
	known := map[string]bool{}
	for _, r := range s.rights {
		known[r.method] = true
	}
	for _, method := range s.service.Closed {
		known[method] = true
	}
	for _, o := range s.service.Rollout {
		for _, method := range o.Methods {
			known[method] = true
		}
	}
	var all []string
	add := func(owner, method string) {
		public := p.base != nil && slices.Contains(p.base.matrix.Public, owner+"/"+method)
		if !known[method] && !public {
			known[method] = true
			all = append(all, method)
		}
	}
	for _, grpc := range s.service.GRPC {
		for _, method := range p.set.Methods[grpc] {
			add(grpc, method)
		}
	}
	if p.base != nil {
		for _, o := range p.base.policy.Operations(s.name) {
			add(s.name, o.Method)
		}
	}
	return all
}

// fresh returns the clients that the base does not have, by their names.
func (p *plan) fresh() map[string]party {
	called := map[string]bool{}
	for _, s := range p.services {
		for _, r := range s.rights {
			called[r.client] = true
		}
	}
	fresh := map[string]party{}
	for at, c := range p.clients {
		if c.fresh && called[c.name] {
			fresh[c.name] = at
		}
	}
	return fresh
}

// writeClients writes the clients that the base does not have.
func (p *plan) writeClients(top *yaml.Node) {
	fresh := p.fresh()
	issuers := len(p.issuerNames)
	if p.base != nil {
		issuers = len(p.base.matrix.Issuers)
	}
	for _, name := range slices.Sorted(maps.Keys(fresh)) {
		at, n := fresh[name], mapping()
		if n.Style = yaml.FlowStyle; at.id != name {
			n.Content = append(n.Content, text("id"), text(at.id))
		}
		if issuers > 1 {
			n.Content = append(n.Content, text("issuer"), text(p.clients[at].issuer))
		}
		set(section(top, "clients"), name, n)
	}
}

// head is the comment at the top of the file.
func (p *plan) head(read recorded.Count) string {
	var b strings.Builder
	fmt.Fprintf(&b, "# Learnt by grpcaud learn from %d records of decisions, %s.\n", read.Records, output.Days(read.First, read.Last))
	b.WriteString("# Read each entry before you enforce it: it says what was called, and not what should be.\n")
	for i, reason := range p.unlearnt.byReason() {
		if i == 0 {
			b.WriteString("# Not learnt:\n")
		}
		if i == 20 {
			b.WriteString("#   and more\n")
			break
		}
		fmt.Fprintf(&b, "#   %s: %s\n", output.Plural(reason.calls, "call"), printable(reason.why))
	}
	return b.String() + "\n"
}
