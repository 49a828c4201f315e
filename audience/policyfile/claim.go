package policyfile

import (
	"cmp"
	"maps"
	"slices"
	"strconv"

	"go.yaml.in/yaml/v3"

	"github.com/grpcaud/grpcaud/audience/access"
)

// holder is an entry with values that must not occur in two files: a service, an
// external API, or a service that only the options of .proto files define.
type holder struct {
	file    *reader // nil for options
	section string
	name    string
	service access.Service
	api     access.External
	options access.MethodOptions
}

// isAPI reports whether h is an external API.
func (h holder) isAPI() bool { return h.section == "external" }

// node returns the node of h, or the one that path leads to below it.
func (h holder) node(path ...string) *yaml.Node {
	return locate(h.file.root, append([]string{h.section, h.name}, path...))
}

// place returns where h is defined, for messages.
func (h holder) place() string {
	if h.file == nil {
		return h.options.Place
	}
	n := h.node()
	return (&Error{File: h.file.file, Line: n.Line, Column: n.Column}).place()
}

// holders lists all holders: first those of options, then those of the files, in the
// order of the files.
func (f *files) holders(options []access.MethodOptions) []holder {
	var all []holder
	owned := map[string]bool{}
	for _, name := range slices.Sorted(maps.Keys(f.matrix.Services)) {
		service := f.byTenant.Services[name]
		all = append(all, holder{file: f.owners[place{"services", name}], section: "services", name: name, service: service})
		for _, grpc := range service.GRPC {
			owned[grpc] = true
		}
	}
	for _, name := range slices.Sorted(maps.Keys(f.matrix.External)) {
		all = append(all, holder{file: f.owners[place{"external", name}], section: "external", name: name, api: f.byTenant.External[name]})
	}
	for _, o := range options {
		if !owned[o.GRPC] && o.Audience != "" {
			all = append(all, holder{section: "services", name: o.GRPC, options: o})
		}
	}
	slices.SortStableFunc(all, func(a, b holder) int { return cmp.Compare(f.index(a.file), f.index(b.file)) })
	return all
}

// index returns the position of a file in the order of reading; -1 for nil.
func (f *files) index(r *reader) int { return slices.Index(f.readers, r) }

// claim is a value that a holder has.
type claim struct {
	holder
	value any
	path  []string // of the value, below the holder
	text  string   // the value as messages name it
}

// reportConflicts reports each value that holders in two files have, at its place in
// the later file. Two external APIs may have the same value: the clients of each get
// their own tokens for it.
func reportConflicts(claims []claim, what string) {
	first := map[any][]claim{}
	for _, c := range claims {
		earlier := first[c.value]
		i := slices.IndexFunc(earlier, func(e claim) bool { return e.file != c.file && !(e.isAPI() && c.isAPI()) })
		if i >= 0 {
			c.file.finding(c.node(c.path...), "%s %q belongs to %q at %s: only that file may have it", what, c.text, earlier[i].name, earlier[i].place())
			continue
		}
		if !slices.ContainsFunc(earlier, func(e claim) bool { return e.file == c.file && e.isAPI() == c.isAPI() }) {
			first[c.value] = append(earlier, c)
		}
	}
}

// grpcClaims lists the gRPC services of the holders.
func grpcClaims(holders []holder) []claim {
	var all []claim
	for _, h := range holders {
		for i, grpc := range slices.Concat(h.service.GRPC, h.api.GRPC) {
			all = append(all, claim{h, grpc, []string{"grpc", strconv.Itoa(i)}, grpc})
		}
	}
	return all
}

// accepted is an aud value at an issuer.
type accepted struct{ issuer, audience string }

// audienceClaims lists the aud values of the holders. The aud values of an issuer are
// its addresses: a token for one of them may authenticate a client to it (RFC 7523,
// section 3).
func (f *files) audienceClaims(holders []holder) []claim {
	var all []claim
	for _, name := range slices.Sorted(maps.Keys(f.byTenant.Issuers)) {
		issuer := f.byTenant.Issuers[name]
		for _, address := range []string{issuer.URL, issuer.TokenURL} {
			all = append(all, claim{holder: holder{file: f.readers[0], section: "issuers", name: name}, value: accepted{issuer.URL, address}})
		}
	}
	for _, h := range holders {
		for i, value := range h.audiences() {
			for _, issuer := range f.issuersOf(h) {
				all = append(all, claim{h, accepted{issuer, value}, []string{"audience", strconv.Itoa(i)}, value})
			}
		}
	}
	return all
}

// audiences returns the aud values that name h.
func (h holder) audiences() []string {
	if len(h.service.Audiences) > 0 {
		return h.service.Audiences
	}
	return []string{cmp.Or(h.options.Audience, h.api.Audience, h.name)}
}

// issuersOf returns the URLs of the issuers whose tokens h accepts. For an API that
// names no issuer, these are the issuers of its clients.
func (f *files) issuersOf(h holder) []string {
	names := h.service.Issuers
	if h.isAPI() {
		names = nil
		for _, client := range h.api.Clients {
			names = append(names, cmp.Or(h.api.Issuer, f.byTenant.Clients[client].Issuer))
		}
	}
	if len(names) == 0 {
		names = []string{""}
	}
	var urls []string
	for _, name := range names {
		urls = append(urls, f.issuer(name)...)
	}
	slices.Sort(urls)
	return slices.Compact(urls)
}

// issuer returns the URL of the issuer with this name. Without a name it returns all
// URLs: the matrix then has only one.
func (f *files) issuer(name string) []string {
	var urls []string
	for known, issuer := range f.byTenant.Issuers {
		if name == known || name == "" {
			urls = append(urls, issuer.URL)
		}
	}
	return urls
}
