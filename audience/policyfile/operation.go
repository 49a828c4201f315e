package policyfile

import (
	"maps"
	"slices"

	"github.com/grpcaud/grpcaud/audience/access"
)

// operations refuses operations of an included file that match requests which an operation
// in another file matches: the rule of the one would admit requests to the other. It also
// refuses the audience of a service in another file as a resource.
func (f *files) operations(policy *access.Policy) {
	if len(f.readers) == 1 {
		return
	}
	names := slices.Sorted(maps.Keys(f.matrix.Services))
	slices.SortStableFunc(names, func(a, b string) int { return f.index(f.owner(a)) - f.index(f.owner(b)) })
	for i, name := range names {
		for _, other := range names[:i] {
			if f.owner(name) != f.owner(other) {
				f.overlapping(policy, name, other)
			}
		}
		f.resource(name, names)
	}
}

func (f *files) owner(service string) *reader { return f.owners[place{"services", service}] }

// overlapping reports the operations of a service that match requests of another one, in
// an earlier file.
func (f *files) overlapping(policy *access.Policy, name, other string) {
	h, o := holder{file: f.owner(name), section: "services", name: name}, holder{file: f.owner(other), section: "services", name: other}
	for _, mine := range policy.Operations(name) {
		for _, theirs := range policy.Operations(other) {
			if mine.Overlaps(&theirs) {
				h.file.finding(h.node("http", "operations", mine.Method), "%q matches requests of %q, %q of %q at %s: only that file may have them; write the host before the path if the services have hosts of their own", mine.Patterns, theirs.Patterns, theirs.Method, other, o.place())
			}
		}
	}
}

// resource reports the resource of a service if it is an audience in another file.
func (f *files) resource(name string, others []string) {
	service, file := f.matrix.Services[name], f.owner(name)
	if file.top || service.HTTP == nil || service.HTTP.Resource == "" {
		return
	}
	for _, other := range others {
		o := holder{file: f.owner(other), section: "services", name: other, service: f.matrix.Services[other]}
		if o.file != file && slices.Contains(o.audiences(), service.HTTP.Resource) {
			h := holder{file: file, section: "services", name: name}
			file.finding(h.node("http", "resource"), "%q is the audience of %q at %s: only that file may have it", service.HTTP.Resource, other, o.place())
		}
	}
}
