package interceptor

import (
	"fmt"
	"reflect"
	"slices"
	"strings"

	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"

	"github.com/grpcaud/grpcaud/audience/access"
	"github.com/grpcaud/grpcaud/audience/protopolicy"
)

// linkedOptions returns what the .proto files say of these gRPC services, as
// far as their descriptors are linked into the program.
func linkedOptions(services []string) ([]access.MethodOptions, error) {
	var files protoregistry.Files
	var found []string
	for _, service := range services {
		d, err := protoregistry.GlobalFiles.FindDescriptorByName(protoreflect.FullName(service))
		if _, ok := d.(protoreflect.ServiceDescriptor); err != nil || !ok {
			continue // it was made at run time, or written by hand
		}
		found = append(found, service)
		if _, err := files.FindFileByPath(d.ParentFile().Path()); err == nil {
			continue
		}
		if err := files.RegisterFile(d.ParentFile()); err != nil {
			return nil, fmt.Errorf("interceptor: the .proto file of %s: %w", service, err)
		}
	}
	if len(found) == 0 {
		return nil, nil
	}
	return protopolicy.FromFiles(&files, found...)
}

// forgotten returns an error if the policy was not given some of the options
// that the .proto files have. It ends with the lines to add.
func forgotten(linked, given []access.MethodOptions) error {
	const most = 8
	var missing, services []string
	for _, o := range linked {
		services = append(services, fmt.Sprintf("%q", o.GRPC))
		if made := madeWith(o, given); made != "" {
			missing = append(missing, fmt.Sprintf("%s/%s has options at %s, and the policy was made %s", o.GRPC, o.Method, o.Place, made))
		}
	}
	if len(missing) == 0 {
		return nil
	}
	if more := len(missing) - most; more > 0 {
		missing = append(missing[:most], fmt.Sprintf("and so for %d methods more", more))
	}
	return fmt.Errorf(`interceptor: %s; make each policy of this server, those for Swap too, with

	options, err := protopolicy.FromFiles(protoregistry.GlobalFiles, %s)
	policy, err := policyfile.Load("access.yaml", options...)

(policyfile.Watch takes policyfile.WatchMethodOptions(options...), access.New takes options...)`,
		strings.Join(missing, "; "), strings.Join(slices.Compact(services), ", "))
}

// madeWith says what a policy was made with instead of o; empty if it was given o.
func madeWith(o access.MethodOptions, given []access.MethodOptions) string {
	made := "without them"
	for _, g := range given {
		switch {
		case alike(o, g):
			return ""
		case g.GRPC == o.GRPC && g.Method == o.Method:
			made = "with others, from " + g.Place
		}
	}
	return made
}

// alike reports whether both say the same of the same method, wherever they
// stand.
func alike(a, b access.MethodOptions) bool {
	return reflect.DeepEqual(canonical(a), canonical(b))
}

// canonical returns o in the one form that all have which say the same.
func canonical(o access.MethodOptions) access.MethodOptions {
	o.Place, o.Demands.Methods = "", nil
	for _, list := range []*[]string{&o.Demands.Clients, &o.Demands.Scopes, &o.Demands.AnyScopes, &o.Demands.Roles, &o.Demands.ACR} {
		*list = unordered(*list)
	}
	if len(o.Demands.Claims) == 0 {
		o.Demands.Claims = nil
	}
	return o
}

// unordered returns the values of a list, each once; nil for none.
func unordered(list []string) []string {
	if len(list) == 0 {
		return nil
	}
	return slices.Compact(slices.Sorted(slices.Values(list)))
}
