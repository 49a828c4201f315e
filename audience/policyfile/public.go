package policyfile

import (
	"slices"
	"strconv"
	"strings"
)

// public holds what included files make public to their own services, so that who
// answers for one file opens nothing of another's, and nothing, such as
// reflection, that is everybody's. The first file answers for all.
func (f *files) public() {
	for i, entry := range f.matrix.Public {
		r, n := f.locate([]string{"public", strconv.Itoa(i)})
		grpc, _, _ := strings.Cut(entry, "/")
		if r != f.readers[0] && !f.ownedBy(r, grpc) {
			r.finding(n, "%q belongs to no service of this file: only %s can make it public", entry, f.readers[0].file)
		}
	}
}

// ownedBy reports whether a service that r has read consists of this gRPC service,
// among others.
func (f *files) ownedBy(r *reader, grpc string) bool {
	for name, service := range f.matrix.Services {
		if f.owners[place{"services", name}] == r && slices.Contains(service.GRPC, grpc) {
			return true
		}
	}
	return false
}
