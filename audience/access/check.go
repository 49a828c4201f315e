package access

import (
	"cmp"
	"fmt"
	"iter"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/grpcaud/grpcaud/internal/nearest"
	"github.com/grpcaud/grpcaud/internal/quote"
)

// checker finds what is wrong with a matrix.
type checker struct {
	matrix   Matrix
	now      time.Time
	problems []*Problem
	warnings []*Problem
	used     map[string]bool   // the clients that a rule names
	asked    map[string]bool   // the issuers that a rule with online asks
	parties  map[party]string  // the clients by issuer and id
	urls     map[string]string // the issuers by their iss
	public   map[string]bool   // the entries of Public

	trustDomains  map[string]string   // the issuers by their trust domain
	tenantIssuers map[string][]string // the issuers of tenants, by the name that stands for them
	written       map[place]string    // the names in the file, of issuers and clients that were made for tenants

	audiences         map[party]string           // the services by their aud and its issuer
	declared          map[string][]MethodOptions // the rules of services that only .proto options define
	unknownClientHint string                     // added to the text about an unknown client while options are checked
}

// maxProblems bounds the report about a matrix that is wrong throughout.
const maxProblems = 1000

// path leads to a place in the matrix.
type path []string

func (a path) to(steps ...string) path { return append(slices.Clip(a), steps...) }

func (a path) item(list string, i int) path { return a.to(list, strconv.Itoa(i)) }

func (c *checker) problem(a path, format string, args ...any) {
	if len(c.problems) == maxProblems {
		return
	}
	c.problems = appendNew(c.problems, &Problem{Path: c.inFile(a), Text: fmt.Sprintf(format, args...)})
}

// place is an entry of the matrix: its section and its name.
type place struct{ section, name string }

// inFile returns a path as the file has it. Issuers and clients that were made for a
// tenant have another name there.
func (c *checker) inFile(a path) path {
	if len(a) > 1 {
		if name, ok := c.written[place{a[0], a[1]}]; ok {
			return append(path{a[0], name}, a[2:]...)
		}
	}
	return a
}

func (c *checker) warn(a path, format string, args ...any) { c.report(Warning, a, format, args...) }

// info reports what is broad on purpose.
func (c *checker) info(a path, format string, args ...any) { c.report(Info, a, format, args...) }

func (c *checker) report(s Severity, a path, format string, args ...any) {
	if len(c.warnings) == maxProblems {
		return
	}
	c.warnings = appendNew(c.warnings, &Problem{Path: c.inFile(a), Text: fmt.Sprintf(format, args...), Severity: s})
}

// appendNew appends p, unless it is in the list already: the options of a service
// are repeated for each of its methods.
func appendNew(all []*Problem, p *Problem) []*Problem {
	if slices.ContainsFunc(all, func(q *Problem) bool { return q.Text == p.Text && slices.Equal(q.Path, p.Path) }) {
		return all
	}
	return append(all, p)
}

// hint finds the name that was meant. It compares all known names, so it does so
// for the first few problems only.
func (c *checker) hint(name string, known iter.Seq[string]) string {
	const most = 20
	if len(c.problems) >= most {
		return ""
	}
	return nearest.Hint(name, slices.Collect(known))
}

func newChecker(m Matrix, now time.Time) *checker {
	c := &checker{
		matrix: m, now: now,
		used: map[string]bool{}, asked: map[string]bool{}, parties: map[party]string{}, urls: map[string]string{}, public: map[string]bool{},
		audiences: map[party]string{}, trustDomains: map[string]string{},
	}
	for _, entry := range m.Public {
		c.public[entry] = true
	}
	return c
}

func (c *checker) check() {
	m := c.matrix
	if len(m.Issuers) == 0 {
		c.problem(path{"issuers"}, "no issuer: name the authorization server whose tokens are accepted")
	}
	if len(m.Services) == 0 {
		c.problem(path{"services"}, "no service: name the services to guard")
	}
	for _, name := range slices.Sorted(maps.Keys(m.Issuers)) {
		c.issuer(path{"issuers", name}, m.Issuers[name])
	}
	for _, name := range slices.Sorted(maps.Keys(m.Clients)) {
		c.client(path{"clients", name}, m.Clients[name])
	}
	for _, name := range slices.Sorted(maps.Keys(m.Services)) {
		if _, ok := c.declared[name]; !ok {
			c.service(path{"services", name}, name, m.Services[name])
		}
	}
	for _, name := range slices.Sorted(maps.Keys(m.External)) {
		c.external(path{"external", name}, name, m.External[name])
	}
	for i, entry := range m.Public {
		c.publicEntry(path{}.item("public", i), entry)
	}
	for i, statement := range m.Never {
		c.never(path{}.item("never", i), statement)
	}
	c.exclusions()
}

// unused warns about clients that neither the matrix nor options name, and about issuers
// that no rule asks.
func (c *checker) unused() {
	c.neverAsked()
	for _, name := range slices.Sorted(maps.Keys(c.matrix.Clients)) {
		if !c.used[name] {
			c.warn(path{"clients", name}, "no rule names client %q", name)
		}
	}
}

func (c *checker) client(a path, client Client) {
	c.name(a, a[1])
	c.issuerName(a.to("issuer"), client.Issuer)
	if client.ID != "" && strings.TrimSpace(client.ID) != client.ID {
		c.problem(a.to("id"), "%q begins or ends with white space", client.ID)
	}
	c.filled(a.to("id"), client.ID)
	c.authentication(a, client)
	c.purpose(a, client.Purpose)
	party := c.matrix.party(a[1])
	if other, taken := c.parties[party]; taken {
		c.problem(a, "%q is the same client of the same issuer", other)
	}
	c.parties[party] = a[1]
}

func (c *checker) publicEntry(a path, entry string) {
	service, method, found := strings.Cut(entry, "/")
	_, _, operation := c.matrix.opensOperation(entry)
	if !operation {
		c.grpc(a, service)
	}
	if found && !validName(method) {
		c.problem(a, "%q is not a method, such as grpc.health.v1.Health/Check", entry)
	}
	for _, name := range slices.Sorted(maps.Keys(c.matrix.Services)) {
		if found && slices.Contains(c.matrix.Services[name].GRPC, service) || operation && name == service {
			c.warn(a, "%s is open to anybody, though %q is guarded", entry, name)
		}
	}
}

func (c *checker) grpc(a path, service string) {
	for part := range strings.SplitSeq(service, ".") {
		if !validName(part) {
			c.problem(a, "%q is not the full name of a gRPC service, such as acme.orders.v1.OrderStatus", service)
			return
		}
	}
}

func (c *checker) secret(a path, secret SecretRef) {
	if secret.File != "" && secret.Env != "" {
		c.problem(a, "both a file and an environment variable; write one")
	}
}

func (c *checker) clients(a path, names []string) { c.clientList(a, "clients", names) }

// clientList checks the names of clients at one key.
func (c *checker) clientList(a path, list string, names []string) {
	for i, name := range names {
		if _, ok := c.matrix.Clients[name]; ok {
			continue
		}
		if (name == "*" || name == "any") && list != "runs_as" {
			c.problem(a.item(list, i), "unknown client %q; if every client is meant, write %s: any, without a list", name, list)
		} else {
			c.problem(a.item(list, i), "unknown client %q%s%s", name, cmp.Or(c.hint(name, maps.Keys(c.matrix.Clients)), fmt.Sprintf(": add %q under clients", name+": {}")), c.unknownClientHint)
		}
	}
}

// exactValues checks values that are compared exactly.
func (c *checker) exactValues(a path, list string, values []string) {
	for i, value := range values {
		if value == "" || strings.TrimSpace(value) != value {
			c.problem(a.item(list, i), "%q begins or ends with white space, or is empty", value)
		}
	}
}

func (c *checker) issuerName(a path, name string) {
	known := c.matrix.Issuers
	if name == "" && len(known) > 1 {
		c.problem(a, "no issuer: name one of %s", quote.List(slices.Sorted(maps.Keys(known))...))
	}
	if _, ok := known[name]; name != "" && !ok {
		c.problem(a, "unknown issuer %q%s", name, cmp.Or(c.standsFor(name), c.hint(name, maps.Keys(known))))
	}
}

func (c *checker) name(a path, name string) {
	if name == "" || strings.ContainsFunc(name, func(r rune) bool { return r <= ' ' || r == 0x7f }) {
		c.problem(a, "%q is not a name: it is empty or has white space", name)
	}
}

// validName reports whether s is an identifier of the protobuf language.
func validName(s string) bool {
	for i, r := range s {
		letter := r == '_' || 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z'
		if !letter && (i == 0 || r < '0' || r > '9') {
			return false
		}
	}
	return s != ""
}
