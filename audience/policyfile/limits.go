package policyfile

import (
	"slices"
	"strconv"
	"strings"

	"github.com/grpcaud/grpcaud/audience"
)

// limits holds the included files to their rights, as far as these depend on what
// other files say. What is wrong stands in the findings.
func (f *files) limits(options []audience.MethodOptions) {
	if len(f.readers) == 1 {
		return
	}
	holders := f.holders(options)
	disputed(grpcClaims(holders), "gRPC service")
	disputed(f.audienceClaims(holders), "audience")
	reach := newReach(f, holders)
	for i, h := range holders {
		if h.file == nil || h.file.top {
			continue
		}
		h.named(options)
		h.servesAll()
		f.self(h)
		f.callers(h)
		f.prefix(h, slices.Concat(holders[:i], holders[i+1:]))
		reach.scopes(h)
	}
	f.public()
	f.paths()
}

// named keeps the names of the services that options make from the files: the
// server of such a service asks for it by that name.
func (h holder) named(options []audience.MethodOptions) {
	i := slices.IndexFunc(options, func(o audience.MethodOptions) bool { return o.GRPC == h.name })
	if i >= 0 && !h.isAPI() {
		h.file.finding(h.node(), "%q is what the options at %s call a service: give this one another name", h.name, options[i].Place)
	}
}

// servesAll finds what every server may register, such as health and reflection.
func (h holder) servesAll() {
	for i, grpc := range slices.Concat(h.service.GRPC, h.api.GRPC) {
		if strings.HasPrefix(grpc, "grpc.") {
			h.file.finding(h.node("grpc", strconv.Itoa(i)), "%s may be on every server: only %s can have it", grpc, h.file.first)
		}
	}
}

// self wants the client whose tokens may lack aud to be known by the same file.
func (f *files) self(h holder) {
	if owner := f.owners[place{"clients", h.name}]; h.service.Self && owner != nil && owner != h.file && !owner.top {
		h.file.finding(h.node("self"), "the client %q stands in %s: self is for a client of this file or of %s", h.name, owner.file, h.file.first)
	}
}

// callers wants the clients of an API to be of the same file: who answers for a
// client says where it gets tokens for.
func (f *files) callers(h holder) {
	for i, client := range h.api.Clients {
		if owner := f.owners[place{"clients", client}]; owner != nil && owner != h.file && !owner.top {
			h.file.finding(h.node("clients", strconv.Itoa(i)), "the client %q stands in %s: want clients of this file or of %s", client, owner.file, h.file.first)
		}
	}
}

// prefix compares what stands for the audience of h, where tokens have no aud,
// with what does for others.
func (f *files) prefix(h holder, others []holder) {
	mine := h.service.InsecureNoAudience
	if mine == "" {
		return
	}
	for _, o := range others {
		other := o.service.InsecureNoAudience
		if other == "" || o.file == h.file || !strings.HasPrefix(mine, other) && !strings.HasPrefix(other, mine) {
			continue
		}
		h.file.finding(h.node("insecure_no_audience", "scope_prefix"), "%q and %q of %q at %s begin alike: each would accept tokens of the other", mine, other, o.name, o.place())
	}
}

// public holds what included files make public to their own services, so that who
// answers for one file opens nothing of another's, and nothing, such as
// reflection, that is everybody's. The first file answers for all.
func (f *files) public() {
	for i, entry := range f.matrix.Public {
		r, n := f.locate([]string{"public", strconv.Itoa(i)})
		grpc, _, _ := strings.Cut(entry, "/")
		if !r.top && !f.ownedBy(r, grpc) {
			r.finding(n, "%q belongs to no service of this file: only %s can make it public", entry, r.first)
		}
	}
}

// ownedBy reports whether services that r has read consist of this gRPC service,
// among others, and no services of another file do.
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
