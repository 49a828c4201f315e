package main

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/descriptorpb"

	"github.com/grpcaud/grpcaud/audience/access"
	"github.com/grpcaud/grpcaud/audience/protopolicy"
	"github.com/grpcaud/grpcaud/internal/nearest"
)

// descriptors are what .proto files say.
type descriptors struct {
	set     *descriptorpb.FileDescriptorSet // nil for none
	methods map[string][]string             // by the full name of their gRPC service
	options []access.MethodOptions
}

const descriptorsUsage = "a file with a FileDescriptorSet, whose options of package grpcaud.v1 count too"

// maxDescriptors is the size of the largest set that is read, in bytes.
const maxDescriptors = 64 << 20

// readDescriptors reads the FileDescriptorSet at path. Imports may be missing
// from it. No path is no descriptors.
func readDescriptors(path string) (d descriptors, err error) {
	if path == "" {
		return d, nil
	}
	data, err := read(path, maxDescriptors)
	if err != nil {
		return d, err
	}
	var set descriptorpb.FileDescriptorSet
	if err := proto.Unmarshal(data, &set); err != nil {
		return d, fmt.Errorf("%s: not a FileDescriptorSet, as protoc --descriptor_set_out makes it: %w", path, err)
	}
	d.set, d.methods = &set, map[string][]string{}
	for _, file := range set.GetFile() {
		for _, service := range file.GetService() {
			full := strings.TrimPrefix(file.GetPackage()+"."+service.GetName(), ".")
			d.methods[full] = []string{}
			for _, method := range service.GetMethod() {
				d.methods[full] = append(d.methods[full], method.GetName())
			}
		}
	}
	if len(d.methods) == 0 {
		return d, fmt.Errorf("%s: no gRPC service in it", path)
	}
	if d.options, err = protopolicy.FromDescriptorSet(data); err != nil {
		return d, fmt.Errorf("%s: %w", path, err)
	}
	return d, nil
}

// compare finds where the policy and the descriptors contradict each other.
func (d descriptors) compare(policy *access.Policy) []*access.Problem {
	m := policy.Matrix()
	var found []*access.Problem
	owned := map[string]bool{}
	for _, name := range policy.Services() {
		found = append(found, d.unruled(policy, name, m.Services[name])...)
		found = append(found, d.unknown(name, m.Services[name])...)
		for _, grpc := range m.Services[name].GRPC {
			owned[grpc] = true
		}
	}
	for i, entry := range m.Public {
		grpc, method, one := strings.Cut(entry, "/")
		owned[grpc] = true
		if methods, ok := d.methods[grpc]; one && ok && !slices.Contains(methods, method) {
			found = append(found, mistake(at("public", i), "%s has no method %q%s", grpc, method, nearest.Hint(method, methods)))
		}
	}
	for _, grpc := range slices.Sorted(maps.Keys(d.methods)) {
		if !owned[grpc] {
			warning := mistake(at("services"), "no service consists of %s, so that nobody may call it", grpc)
			warning.Severity = access.Warning
			found = append(found, warning)
		}
	}
	return found
}

// unruled finds the methods of a service that have no rule.
func (d descriptors) unruled(policy *access.Policy, name string, s access.Service) []*access.Problem {
	guard, err := policy.Guard(name)
	if err != nil {
		panic(err) // a service of the policy's own
	}
	var found []*access.Problem
	for i, grpc := range s.GRPC {
		methods, ok := d.methods[grpc]
		if !ok {
			found = append(found, mistake(at("services", name, "grpc", i), "no %s among the descriptors%s", grpc, nearest.Hint(grpc, slices.Collect(maps.Keys(d.methods)))))
		}
		for _, method := range methods {
			if guard.Rule("/"+grpc+"/"+method) == nil && !slices.Contains(s.Closed, method) {
				found = append(found, mistake(at("services", name, "grpc", i), "%s/%s has no rule: name it under methods of an entry, or under closed if nobody may call it; public opens it to everybody", grpc, method))
			}
		}
	}
	return found
}

// unknown finds the methods that the entries of a service name and none of its
// gRPC services has. Nothing is known of those that the descriptors lack.
func (d descriptors) unknown(name string, s access.Service) []*access.Problem {
	known := []string{everyMethod}
	for _, grpc := range s.GRPC {
		methods, ok := d.methods[grpc]
		if !ok {
			return nil
		}
		known = append(known, methods...)
	}
	var found []*access.Problem
	look := func(methods []string, list ...any) {
		for j, method := range methods {
			if !slices.Contains(known, method) {
				found = append(found, mistake(at(slices.Concat([]any{"services", name}, list, []any{j})...), "%s has no method %q%s", words(s.GRPC), method, nearest.Hint(method, known)))
			}
		}
	}
	for i, allow := range s.Allow {
		look(allow.Methods, "allow", i, "methods")
	}
	for i, rollout := range s.Rollout {
		look(rollout.Methods, "rollout", i, "methods")
	}
	look(s.Closed, "closed")
	return found
}

// at is the path of a place in the file.
func at(steps ...any) []string {
	path := make([]string, len(steps))
	for i, step := range steps {
		switch step := step.(type) {
		case int:
			path[i] = strconv.Itoa(step)
		case string:
			path[i] = step
		}
	}
	return path
}

func mistake(path []string, format string, args ...any) *access.Problem {
	return &access.Problem{Path: path, Text: fmt.Sprintf(format, args...)}
}
