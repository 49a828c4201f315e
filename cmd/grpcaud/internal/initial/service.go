package initial

import (
	"cmp"
	"errors"
	"fmt"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"unicode"

	"google.golang.org/protobuf/types/descriptorpb"
)

// Service is a gRPC service as its .proto file describes it.
type Service struct {
	Package   string // of the .proto file; may be empty
	Short     string // its name in the package
	Methods   []string
	GoPackage string // the option go_package; may be empty

	// Name is its name in the matrix; [Sort] sets it.
	Name string
}

// Full returns the full name of the service.
func (s Service) Full() string { return strings.TrimPrefix(s.Package+"."+s.Short, ".") }

// infrastructure reports whether s belongs to gRPC itself, such as health and reflection.
func (s Service) infrastructure() bool {
	return s.Package == "grpc" || strings.HasPrefix(s.Package, "grpc.")
}

var identifierPattern = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)

// check refuses names that are none of the protobuf language: a descriptor can hold any text.
func (s Service) check() error {
	for _, name := range append(strings.Split(s.Full(), "."), s.Methods...) {
		if !identifierPattern.MatchString(name) {
			return fmt.Errorf("%.80q is not the name of a service or method", name)
		}
	}
	declared := map[string]bool{}
	for _, method := range s.Methods {
		if declared[method] {
			return fmt.Errorf("%s has two methods %s", s.Full(), method)
		}
		declared[method] = true
	}
	return nil
}

// FromDescriptors returns the services of a set of .proto files.
func FromDescriptors(set *descriptorpb.FileDescriptorSet) []Service {
	var all []Service
	for _, file := range set.GetFile() {
		for _, service := range file.GetService() {
			s := Service{Package: file.GetPackage(), Short: service.GetName(), GoPackage: file.GetOptions().GetGoPackage()}
			for _, method := range service.GetMethod() {
				s.Methods = append(s.Methods, method.GetName())
			}
			all = append(all, s)
		}
	}
	return all
}

// Sort returns the services in order, without those of gRPC itself, each once and with a
// name of its own in the matrix. No service is an error.
func Sort(services []Service) ([]Service, error) {
	services = slices.DeleteFunc(slices.Clone(services), Service.infrastructure)
	slices.SortFunc(services, func(a, b Service) int { return cmp.Compare(a.Full(), b.Full()) })
	services = slices.CompactFunc(services, func(a, b Service) bool { return reflect.DeepEqual(a, b) })
	if len(services) == 0 {
		return nil, errors.New("no gRPC service in it, beside those of gRPC itself")
	}
	for i, s := range services {
		if err := s.check(); err != nil {
			return nil, err
		}
		if i > 0 && services[i-1].Full() == s.Full() {
			return nil, fmt.Errorf("%s is declared twice, and not in the same way", s.Full())
		}
	}
	count := map[string]int{}
	for _, s := range services {
		count[kebab(s.Short)]++
	}
	used, numbers := map[string]bool{}, map[string]int{}
	for i, s := range services {
		name := kebab(s.Short)
		if count[name] > 1 {
			name = kebab(strings.ReplaceAll(s.Full(), ".", "_"))
		}
		for short := kebab(s.Short); used[name]; {
			numbers[short]++
			name = fmt.Sprintf("%s-%d", short, numbers[short]+1)
		}
		used[name] = true
		services[i].Name = name
	}
	return services, nil
}

// kebab returns a name of the protobuf language as the matrix has names: order-status for
// OrderStatus.
func kebab(name string) string {
	runes := []rune(name)
	var b strings.Builder
	for i, r := range runes {
		after := i > 0 && runes[i-1] != '_'
		begins := unicode.IsUpper(r) && after && (!unicode.IsUpper(runes[i-1]) || i+1 < len(runes) && unicode.IsLower(runes[i+1]))
		if begins {
			b.WriteByte('-')
		}
		if r == '_' {
			r = '-'
		}
		b.WriteRune(unicode.ToLower(r))
	}
	return cmp.Or(strings.Trim(b.String(), "-"), "service")
}
