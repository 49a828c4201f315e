package policyfile

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/grpcaud/grpcaud/audience/access"
)

// limits checks those rights of the included files that depend on the content of other
// files. It adds a finding for each mistake.
func (f *files) limits(options []access.MethodOptions) {
	if len(f.readers) == 1 {
		return
	}
	f.byTenant = f.matrix.ByTenant()
	holders := f.holders(options)
	reportConflicts(grpcClaims(holders), "gRPC service")
	reportConflicts(f.audienceClaims(holders), "audience")
	reach := newReach(f, holders)
	for i, h := range holders {
		if h.file == nil || h.file.top {
			continue
		}
		h.checkName(options)
		h.checkCommonServices()
		f.self(h)
		f.callers(h)
		f.runsAs(h)
		f.prefix(h, slices.Concat(holders[:i], holders[i+1:]))
		reach.scopes(h)
	}
	f.public()
	f.never()
	f.paths()
}

// checkName refuses a name that a service from the options of .proto files has: a
// server would get the service of the file under that name.
func (h holder) checkName(options []access.MethodOptions) {
	i := slices.IndexFunc(options, func(o access.MethodOptions) bool { return o.GRPC == h.name && !o.OnlyHTTP() })
	if i >= 0 && !h.isAPI() {
		h.file.finding(h.node(), "%q is what the options at %s call a service: give this one another name", h.name, options[i].Place)
	}
}

// checkCommonServices refuses gRPC services that every server may register, such as
// health and reflection.
func (h holder) checkCommonServices() {
	for i, grpc := range slices.Concat(h.service.GRPC, h.api.GRPC) {
		if strings.HasPrefix(grpc, "grpc.") {
			h.file.finding(h.node("grpc", strconv.Itoa(i)), "%s may be on every server: only %s can have it", grpc, h.file.first)
		}
	}
}

// self requires that the client whose tokens may lack aud is defined in the same file.
func (f *files) self(h holder) {
	if owner := f.owners[place{"clients", h.name}]; h.service.Self && owner != nil && owner != h.file && !owner.top {
		h.file.finding(h.node("self"), "the client %q stands in %s: self is for a client of this file or of %s", h.name, owner.file, h.file.first)
	}
}

// ownerOf returns the file of a client, also by its name at one tenant; nil if there is
// none.
func (f *files) ownerOf(client string) *reader {
	if owner := f.owners[place{"clients", client}]; owner != nil {
		return owner
	}
	return f.owners[place{"clients", client[:max(0, strings.LastIndexByte(client, '/'))]}]
}

// callers requires that the clients of an API are defined in the same file: the team of
// a client decides which tokens it gets.
func (f *files) callers(h holder) {
	for i, client := range f.matrix.External[h.name].Clients {
		if owner := f.ownerOf(client); owner != nil && owner != h.file && !owner.top {
			h.file.finding(h.node("clients", strconv.Itoa(i)), "the client %q stands in %s: want clients of this file or of %s", client, owner.file, h.file.first)
		}
	}
}

// runsAs refuses a list that leaves out a client with the name or an audience of the
// service, if a service or an API of another file admits it. So no team hides from the
// statements of others where its service leads.
func (f *files) runsAs(h holder) {
	listed := f.matrix.Services[h.name].RunsAs
	if len(listed) == 0 || h.isAPI() {
		return // runs_as: none is refused in every file
	}
	names := append(slices.Clone(h.audiences()), h.name)
	for _, client := range slices.Sorted(maps.Keys(f.matrix.Clients)) {
		own := client == h.name || slices.Contains(names, cmp.Or(f.matrix.Clients[client].ID, client))
		if entry := f.entryElsewhere(client, h.file); own && entry != "" && !slices.Contains(listed, client) {
			h.file.finding(h.node("runs_as"), "client %q has the name of the service, and %s admits it: add it here, or give it another name", client, entry)
		}
	}
}

// entryElsewhere names an entry of a file other than r that names a client; empty if there
// is none.
func (f *files) entryElsewhere(client string, r *reader) string {
	for _, name := range slices.Sorted(maps.Keys(f.matrix.Services)) {
		for i, allow := range f.matrix.Services[name].Allow {
			if slices.Contains(allow.Clients, client) && f.owners[place{"services", name}] != r {
				return fmt.Sprintf("services.%s.allow[%d]", name, i)
			}
		}
	}
	for _, name := range slices.Sorted(maps.Keys(f.matrix.External)) {
		if slices.Contains(f.matrix.External[name].Clients, client) && f.owners[place{"external", name}] != r {
			return "external." + name
		}
	}
	return ""
}

// prefix refuses a scope prefix, in place of an audience, that begins like the prefix
// of a service in another file.
func (f *files) prefix(h holder, others []holder) {
	mine := h.service.InsecureNoAudience
	for _, o := range others {
		other := o.service.InsecureNoAudience
		if mine == "" || other == "" || o.file == h.file || !strings.HasPrefix(mine, other) && !strings.HasPrefix(other, mine) {
			continue
		}
		h.file.finding(h.node("insecure_no_audience", "scope_prefix"), "%q and %q of %q at %s begin alike: each would accept tokens of the other", mine, other, o.name, o.place())
	}
}

// public refuses an included file that makes public what is not its own. So no team
// opens a service of another team, or a service that every server has, such as
// reflection. The first file may make everything public.
func (f *files) public() {
	for i, entry := range f.matrix.Public {
		r, n := f.locate([]string{"public", strconv.Itoa(i)})
		grpc, _, _ := strings.Cut(entry, "/")
		operation := f.matrix.Services[grpc].HTTP != nil && f.owner(grpc) == r
		if !r.top && !operation && !f.ownedBy(r, grpc) {
			r.finding(n, "%q belongs to no service of this file: only %s can make it public", entry, r.first)
		}
	}
}

// ownedBy reports whether a service of the file r has this gRPC service, and no
// service of another file has it.
func (f *files) ownedBy(r *reader, grpc string) bool {
	owned := false
	for name, service := range f.matrix.Services {
		if slices.Contains(service.GRPC, grpc) {
			if f.owners[place{"services", name}] != r {
				return false
			}
			owned = true
		}
	}
	return owned
}
