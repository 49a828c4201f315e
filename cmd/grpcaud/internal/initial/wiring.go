package initial

import (
	"bytes"
	_ "embed"
	"fmt"
	"go/format"
	"path"
	"regexp"
	"strings"
	"text/template"
)

//go:embed wiring.go.tmpl
var wiringText string

var wiringTemplate = template.Must(template.New("wiring.go").Parse(wiringText))

// wired is a service in the code.
type wired struct {
	Service
	Go    string // its name in Go
	Alias string // of the package with its generated code
	Path  string // of that package
}

// Wiring returns the Go code of a server and of the clients of these services. Each needs the
// option go_package.
func Wiring(services []Service) ([]byte, error) {
	var all []wired
	aliases, taken, names := map[string]string{}, map[string]bool{}, map[string]bool{}
	for _, s := range services {
		at, _, _ := strings.Cut(s.GoPackage, ";")
		if !regexp.MustCompile(`^[A-Za-z0-9._~/-]+$`).MatchString(at) || path.Clean(at) != at {
			return nil, fmt.Errorf("%s: the code needs the import path of what protoc-gen-go generates: set option go_package in its .proto file; it is %.80q", s.Full(), s.GoPackage)
		}
		if aliases[at] == "" {
			aliases[at] = alias(s, taken)
		}
		w := wired{Service: s, Go: camel(s.Short), Alias: aliases[at], Path: at}
		if names[w.Go] {
			w.Go = camel(strings.ReplaceAll(s.Full(), ".", "_"))
		}
		names[w.Go] = true
		all = append(all, w)
	}
	var b bytes.Buffer
	if err := wiringTemplate.Execute(&b, map[string]any{"Services": all, "Imports": aliases}); err != nil {
		return nil, err
	}
	return format.Source(b.Bytes())
}

// alias takes a name for the package with the code of s: ordersv1pb for acme.orders.v1.
func alias(s Service, taken map[string]bool) string {
	parts := strings.Split(strings.ToLower(strings.ReplaceAll(s.Package, "_", "")), ".")
	if len(parts) > 2 {
		parts = parts[len(parts)-2:]
	}
	name := strings.Join(parts, "") + "pb"
	for n := 2; taken[name]; n++ {
		name = fmt.Sprintf("%spb%d", strings.Join(parts, ""), n)
	}
	taken[name] = true
	return name
}

// Generated returns what the generated code calls the service.
func (w wired) Generated() string { return camel(w.Short) }

// camel returns a name of the protobuf language as generated code has it: a letter after an
// underscore or a digit is upper case, and an underscore is left out before a lower one.
func camel(name string) string {
	lower := func(i int) bool { return i < len(name) && name[i] >= 'a' && name[i] <= 'z' }
	var b strings.Builder
	for i := range len(name) {
		switch {
		case name[i] == '_' && i == 0:
			b.WriteByte('X')
		case name[i] == '_' && lower(i+1):
		case lower(i) && (i == 0 || name[i-1] <= '9' || name[i-1] == '_'):
			b.WriteByte(name[i] - 'a' + 'A')
		default:
			b.WriteByte(name[i])
		}
	}
	return b.String()
}
