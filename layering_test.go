package grpcaud_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

const (
	module   = "github.com/grpcaud/grpcaud"
	helpers  = "internal/..."
	grpc     = "google.golang.org/grpc/..."
	protobuf = "google.golang.org/protobuf/..."
)

// A layer is what a package may know. Its strings are patterns of the go
// command; our own packages are written without the module's path.
type layer struct {
	packages string
	imports  []string // direct, beyond the standard library; nothing else
	indirect []string // standard packages that are only imported by what it imports
	never    []string // not even through others
}

// layers holds every package of the module; the first that matches counts.
var layers = []layer{
	{packages: module},
	{packages: "internal/remedy", imports: []string{"internal/loopback", "internal/provider"}},
	{packages: "internal/metadata", imports: []string{"internal/provider", "internal/strictjson", "internal/webclient"}},
	{packages: "internal/webclient", imports: []string{"internal/regularfile", "internal/remedy"}},
	{packages: "internal/secretfile", imports: []string{"internal/regularfile"}},
	{packages: "internal/clientcert", imports: []string{"internal/secretfile", "internal/webclient"}},
	{packages: "internal/conformance"}, // tests alone
	{packages: "internal/idp", imports: []string{"testutil", "golang.org/x/net/html"}},
	{
		packages: "internal/admission",
		imports: []string{
			"internal/authority", "internal/boundedmap", "internal/remedy", "audience", "audience/access", "audience/claims", "audience/revocation", "audience/verifier",
			"go.opentelemetry.io/otel/...",
		},
		indirect: []string{"net/http"},
		never:    []string{grpc, protobuf, "tokensource"},
	},
	{packages: "internal/hiddenheader", imports: []string{"internal/boundedmap"}},
	{packages: "internal/leasing", imports: []string{"internal/admission"}, never: []string{grpc, protobuf, "tokensource"}},
	{packages: "internal/serving", imports: []string{"audience/access", "internal/admission", "internal/hiddenheader", "internal/leasing"}, never: []string{grpc, protobuf, "tokensource"}},
	{
		packages: "internal/overhttp",
		imports:  []string{"internal/admission", "internal/leasing", "internal/serving", "audience"},
		never:    []string{grpc, protobuf, "tokensource"},
	},
	{packages: helpers},
	{
		packages: "audience",
		imports:  []string{helpers},
		never:    []string{"net", "net/http"},
	},
	{
		packages: "audience/claims",
		imports:  []string{helpers, "audience"},
		never:    []string{"net", "net/http"},
	},
	{
		packages: "audience/access",
		imports:  []string{helpers, "audience", "audience/claims"},
		never:    []string{"net", "net/http", "audience/revocation"},
	},
	{
		packages: "audience/revocation",
		imports:  []string{helpers, "audience", "audience/claims"},
		never:    []string{"net", "net/http", "audience/access"},
	},
	{
		packages: "audience/logout",
		imports:  []string{helpers, "audience", "audience/access", "audience/claims", "audience/revocation", "audience/verifier"},
		never:    []string{grpc, protobuf, "tokensource"},
	},
	{
		packages: "audience/revocation/shared",
		imports:  []string{helpers, "audience/claims", "audience/revocation", "github.com/valkey-io/valkey-go/...", "go.opentelemetry.io/otel/..."},
		never:    []string{grpc, protobuf, "tokensource"},
	},
	{
		packages: "audience/policyfile",
		imports:  []string{helpers, "audience", "audience/access", "audience/claims", "go.yaml.in/yaml/v3"},
		never:    []string{"net", "net/http"},
	},
	{
		packages: "audience/protopolicy",
		imports:  []string{helpers, "audience/access", "proto/grpcaud/v1", protobuf},
		never:    []string{grpc, "tokensource"},
	},
	{
		packages: "audience/verifier",
		imports:  []string{helpers, "audience", "audience/access", "audience/claims", "github.com/coreos/go-oidc/v3/...", "github.com/go-jose/go-jose/v4/..."},
		never:    []string{grpc, "tokensource"},
	},
	{
		packages: "tokensource",
		imports:  []string{helpers, "tokensource/internal/...", "golang.org/x/oauth2/...", "go.opentelemetry.io/otel/..."},
		never:    []string{grpc, "audience/...", "github.com/go-jose/go-jose/v4/..."},
	},
	{packages: "tokensource/internal/...", imports: []string{helpers, "golang.org/x/oauth2/..."}},
	{
		packages: "tokensource/clientauth",
		imports:  []string{helpers, "tokensource", "tokensource/internal/...", "golang.org/x/oauth2/...", "github.com/go-jose/go-jose/v4/..."},
		never:    []string{grpc, "audience/..."},
	},
	{packages: "tokensource/sourcetest", imports: []string{"tokensource"}, never: []string{grpc, "audience/..."}},
	{
		packages: "interceptor",
		imports: []string{
			helpers, "audience", "audience/access", "audience/claims", "audience/revocation", "audience/protopolicy", "audience/verifier",
			"tokensource", "tokensource/clientauth", grpc, protobuf, "golang.org/x/oauth2",
			"github.com/grpc-ecosystem/go-grpc-middleware/v2/...",
			"google.golang.org/genproto/googleapis/rpc/...",
			"go.opentelemetry.io/otel/...",
		},
	},
	{
		packages: "interceptor/extauthz",
		imports: []string{
			helpers, "audience", "audience/access", "interceptor", grpc, protobuf,
			"google.golang.org/genproto/googleapis/rpc/...", "github.com/envoyproxy/go-control-plane/envoy/...",
		},
	},
	{packages: "interceptor/httpguard", imports: []string{helpers, "audience/access", "interceptor"}},
	{packages: "interceptor/connectguard", imports: []string{helpers, "audience/access", "interceptor", "connectrpc.com/connect/...", grpc, protobuf, "google.golang.org/genproto/googleapis/rpc/..."}},
	{packages: "interceptor/matrixtest", imports: []string{"audience", "audience/access", "interceptor", "testutil", grpc, protobuf}},
	{packages: "testutil", imports: []string{grpc}},
	{packages: "testutil/matrixissuer", imports: []string{helpers, "audience/access", "audience/claims", "testutil"}},
	{packages: "proto/...", imports: []string{"proto/grpcaud/v1", "proto/acme/...", grpc, protobuf, "connectrpc.com/connect/..."}},
	{packages: "cmd/...", imports: []string{"..."}},
	{packages: "docs"},
	{packages: "examples/...", imports: []string{"..."}},
}

// meeting is where the token we are shown and the token we ask for may meet.
var meeting = []string{"interceptor", "cmd/...", "examples/..."}

func TestLayers(t *testing.T) {
	for _, p := range listPackages(t) {
		at := slices.IndexFunc(layers, func(l layer) bool { return matches(p.name(), l.packages) })
		if at < 0 {
			t.Errorf("%s has no layer: add a row", p.name())
			continue
		}
		for _, path := range p.Imports {
			if !standard(path) && !matches(short(path), layers[at].imports...) {
				t.Errorf("%s imports %s, want only %q", p.name(), short(path), layers[at].imports)
			}
			if slices.Contains(layers[at].indirect, path) {
				t.Errorf("%s imports %s, want it only through others", p.name(), path)
			}
		}
		reached := func(path string) bool { return matches(short(path), layers[at].never...) }
		if i := slices.IndexFunc(p.Deps, reached); i >= 0 {
			t.Errorf("%s reaches %s, want never", p.name(), short(p.Deps[i]))
		}
	}
}

func TestAudienceAndTokensourceMeet(t *testing.T) {
	for _, p := range listPackages(t) {
		both := slices.Contains(p.Imports, module+"/audience") && slices.Contains(p.Imports, module+"/tokensource")
		if both && !matches(p.name(), meeting...) {
			t.Errorf("%s imports audience and tokensource, want both only in %q", p.name(), meeting)
		}
	}
}

// TestProvidersServeTestsAlone shows that no product code reaches the packages that
// download and start providers.
func TestProvidersServeTestsAlone(t *testing.T) {
	for _, p := range listPackages(t) {
		own := func(path string) bool { return matches(short(path), "internal/idp", "internal/conformance") }
		if i := slices.IndexFunc(p.Deps, own); i >= 0 {
			t.Errorf("%s reaches %s, want it only from tests", p.name(), short(p.Deps[i]))
		}
	}
}

type listed struct {
	ImportPath    string
	Imports, Deps []string
}

func (p listed) name() string { return short(p.ImportPath) }

// listPackages returns the packages of the module.
func listPackages(t *testing.T) []listed {
	t.Helper()
	watchTree(t)
	out, err := exec.CommandContext(t.Context(), "go", "list", "-json=ImportPath,Imports,Deps", "./...").Output()
	if exit, ok := errors.AsType[*exec.ExitError](err); ok {
		t.Fatalf("go list: %v\n%s", err, exit.Stderr)
	}
	if err != nil {
		t.Fatal(err)
	}
	var all []listed
	for dec := json.NewDecoder(bytes.NewReader(out)); ; {
		var p listed
		if err := dec.Decode(&p); err == io.EOF {
			return all
		} else if err != nil {
			t.Fatal(err)
		}
		all = append(all, p)
	}
}

// watchTree opens every directory. The go command takes a cached result of a
// test for as long as what the test opened is unchanged, and it cannot see
// what go list opens.
func watchTree(t *testing.T) {
	t.Helper()
	err := filepath.WalkDir(".", func(path string, d fs.DirEntry, err error) error {
		if err == nil && d.IsDir() && len(path) > 1 && strings.HasPrefix(d.Name(), ".") {
			return filepath.SkipDir
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// standard reports whether path is of the standard library: its first element
// has no dot.
func standard(path string) bool {
	first, _, _ := strings.Cut(path, "/")
	return !strings.Contains(first, ".")
}

// short returns path without our module's.
func short(path string) string { return strings.TrimPrefix(path, module+"/") }

// matches reports whether one of the patterns matches path.
func matches(path string, patterns ...string) bool {
	return slices.ContainsFunc(patterns, func(pattern string) bool {
		root, tree := strings.CutSuffix(pattern, "/...")
		return pattern == "..." || path == root || tree && strings.HasPrefix(path, root+"/")
	})
}
