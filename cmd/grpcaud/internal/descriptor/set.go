package descriptor

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
	"github.com/grpcaud/grpcaud/cmd/grpcaud/internal/output"
	"github.com/grpcaud/grpcaud/internal/nearest"
	"github.com/grpcaud/grpcaud/internal/regularfile"
)

// Set is the content of a set of .proto files.
type Set struct {
	Files   *descriptorpb.FileDescriptorSet // nil if there is no set
	Methods map[string][]string             // by the full name of the gRPC service
	Options []access.MethodOptions
}

// Usage is the help of the flag that names a set.
const Usage = "a file with a FileDescriptorSet, whose options of package grpcaud.v1 count too"

// maxSize is the size of the largest set that is read, in bytes.
const maxSize = 64 << 20

// Read reads the FileDescriptorSet at path, from which imports may be missing. Without
// a path it returns the zero Set.
func Read(path string) (d Set, err error) {
	if path == "" {
		return d, nil
	}
	data, err := regularfile.Read(path, maxSize)
	if err != nil {
		return d, err
	}
	var set descriptorpb.FileDescriptorSet
	if err := proto.Unmarshal(data, &set); err != nil {
		return d, fmt.Errorf("%s: not a FileDescriptorSet, as buf build -o and protoc --descriptor_set_out make it", path)
	}
	d.Files, d.Methods = &set, map[string][]string{}
	for _, file := range set.GetFile() {
		for _, service := range file.GetService() {
			full := strings.TrimPrefix(file.GetPackage()+"."+service.GetName(), ".")
			d.Methods[full] = []string{}
			for _, method := range service.GetMethod() {
				d.Methods[full] = append(d.Methods[full], method.GetName())
			}
		}
	}
	if len(d.Methods) == 0 {
		return d, fmt.Errorf("%s: no gRPC service in it", path)
	}
	if d.Options, err = protopolicy.FromDescriptorSet(data); err != nil {
		return d, fmt.Errorf("%s: %w", path, err)
	}
	return d, nil
}

// Compare returns where the policy and the descriptors contradict each other.
func (d Set) Compare(policy *access.Policy) []*access.Problem {
	m := policy.Matrix()
	var found []*access.Problem
	owned := map[string]bool{}
	for _, name := range policy.Services() {
		found = append(found, d.missingRules(policy, name, m.Services[name])...)
		found = append(found, d.unknownMethods(policy, name, m.Services[name])...)
		for _, grpc := range m.Services[name].GRPC {
			owned[grpc] = true
		}
	}
	for i, entry := range m.Public {
		grpc, method, one := strings.Cut(entry, "/")
		owned[grpc] = true
		if methods, ok := d.Methods[grpc]; one && ok && !slices.Contains(methods, method) {
			found = append(found, mistake(at("public", i), "%s has no method %q%s", grpc, method, nearest.Hint(method, methods)))
		}
	}
	for _, grpc := range slices.Sorted(maps.Keys(d.Methods)) {
		if !owned[grpc] {
			warning := mistake(at("services"), "%s belongs to no service, so that nobody may call it", grpc)
			warning.Severity = access.Warning
			found = append(found, warning)
		}
	}
	return found
}

// missingRules returns a problem for each method of a service that has no rule.
func (d Set) missingRules(policy *access.Policy, name string, s access.Service) []*access.Problem {
	guard, err := policy.Guard(name)
	if err != nil {
		panic(err) // it is a service of the policy
	}
	var found []*access.Problem
	for i, grpc := range s.GRPC {
		methods, ok := d.Methods[grpc]
		if !ok {
			found = append(found, mistake(at("services", name, "grpc", i), "the descriptors have no %s%s", grpc, nearest.Hint(grpc, slices.Collect(maps.Keys(d.Methods)))))
		}
		for _, method := range methods {
			if guard.Rule("/"+grpc+"/"+method) == nil && !slices.Contains(s.Closed, method) {
				found = append(found, mistake(at("services", name, "grpc", i), "%s/%s has no rule: name it under methods of an entry, or under closed if nobody may call it, or under public if everybody may", grpc, method))
			}
		}
	}
	return found
}

// unknownMethods returns a problem for each method that an entry names and that none of
// the gRPC services has, and that is no operation. A service is left out if the descriptors
// lack one of them.
func (d Set) unknownMethods(policy *access.Policy, name string, s access.Service) []*access.Problem {
	known := []string{EveryMethod}
	for _, o := range policy.Operations(name) {
		known = append(known, o.Method)
	}
	for _, grpc := range s.GRPC {
		methods, ok := d.Methods[grpc]
		if !ok {
			return nil
		}
		known = append(known, methods...)
	}
	var found []*access.Problem
	look := func(methods []string, list ...any) {
		for j, method := range methods {
			if !slices.Contains(known, method) {
				found = append(found, mistake(at(slices.Concat([]any{"services", name}, list, []any{j})...), "%s has no method %q%s", output.List(s.GRPC), method, nearest.Hint(method, known)))
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

// at returns the path of a place in the file.
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

// EveryMethod stands for all methods in the access matrix.
const EveryMethod = "*"
