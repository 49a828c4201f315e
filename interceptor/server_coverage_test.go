package interceptor_test

import (
	"log/slog"
	"strings"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protodesc"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"
	"google.golang.org/protobuf/types/descriptorpb"

	"github.com/grpcaud/grpcaud/audience"
	"github.com/grpcaud/grpcaud/audience/access"
	"github.com/grpcaud/grpcaud/audience/protopolicy"
	"github.com/grpcaud/grpcaud/interceptor"
	cataloguev1 "github.com/grpcaud/grpcaud/proto/acme/catalogue/v1"
	grpcaudv1 "github.com/grpcaud/grpcaud/proto/grpcaud/v1"
	"github.com/grpcaud/grpcaud/testutil"
)

const (
	catalogue = "acme.catalogue.v1.Catalogue"
	addOne    = `options, err := protopolicy.FromFiles(protoregistry.GlobalFiles, "acme.catalogue.v1.Catalogue")`
	addFile   = `policy, err := policyfile.Load("access.yaml", options...)`
)

// catalogueOptions are what the .proto file of the catalogue says.
func catalogueOptions(t *testing.T) []access.MethodOptions {
	t.Helper()
	options, err := protopolicy.FromFiles(protoregistry.GlobalFiles, catalogue)
	if err != nil || len(options) != 4 {
		t.Fatalf("%d options: %v", len(options), err)
	}
	return options
}

// shop is the policy of a catalogue that anybody with a token may use, but for
// what options demand.
func shop(t *testing.T, options ...access.MethodOptions) *access.Policy {
	t.Helper()
	policy, err := access.New(shopMatrix(), options...)
	if err != nil {
		t.Fatal(err)
	}
	return policy
}

func shopMatrix() access.Matrix {
	return access.Matrix{
		Issuers: map[string]access.Issuer{"corp": {URL: corp}},
		Services: map[string]access.Service{"catalogue": {
			GRPC:  []string{catalogue},
			Allow: []access.Allow{{AnyClient: true, Methods: []string{"*"}, NoScopes: true}},
		}},
		Clients: map[string]access.Client{"customer-portal": {}, "backoffice-portal": {}},
	}
}

func newShop(t *testing.T, policy *access.Policy, issuers ...*testutil.Issuer) *interceptor.Server {
	t.Helper()
	opts := []interceptor.ServerOption{interceptor.Logger(slog.New(slog.DiscardHandler))}
	for _, issuer := range issuers {
		opts = append(opts, interceptor.Transport(issuer.Transport()))
	}
	server, err := interceptor.NewServer(policy, interceptor.Services(policy.Services()...), opts...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { server.Close() })
	return server
}

// checkCatalogue has server check a gRPC server of the catalogue.
func checkCatalogue(server *interceptor.Server) error {
	srv := grpc.NewServer(server.Options()...)
	cataloguev1.RegisterCatalogueServer(srv, cataloguev1.UnimplementedCatalogueServer{})
	return server.CheckCoverage(srv)
}

// TestForgottenOptionsAreAnError shows that a policy must be made with what the
// .proto files of the registered services say, all of it.
func TestForgottenOptionsAreAnError(t *testing.T) {
	all := catalogueOptions(t)
	changed := func(n int, change func(*access.MethodOptions)) []access.MethodOptions {
		options := catalogueOptions(t)
		change(&options[n])
		return options
	}
	for name, row := range map[string]struct {
		given []access.MethodOptions
		want  []string // none: the check is content
	}{
		"none": {nil, []string{
			catalogue + "/GetItem has options at acme/catalogue/v1/catalogue.proto:Catalogue, and the policy was made without them",
			catalogue + "/PutItem has options at acme/catalogue/v1/catalogue.proto:Catalogue.PutItem", addOne, addFile, "policyfile.WatchMethodOptions(options...)",
		}},
		"all":               {all, nil},
		"the first":         {all[:1], []string{catalogue + "/PutItem has", catalogue + "/WatchItems has", addOne}},
		"all but one":       {all[1:], []string{catalogue + "/GetItem has", addOne}},
		"all but the first": {all[:3], []string{catalogue + "/Version has", addOne}},
		"one weaker": {
			changed(2, func(o *access.MethodOptions) { o.Demands.Roles = nil }),
			[]string{"/PutItem has options at acme/catalogue/v1/catalogue.proto:Catalogue.PutItem, and the policy was made with others, from acme/catalogue/v1/catalogue.proto:Catalogue.PutItem"},
		},
		"one in another order, from elsewhere": {changed(2, func(o *access.MethodOptions) {
			o.Demands.Scopes, o.Place = []string{"catalogue.write", "catalogue.read"}, "set.binpb"
		}), nil},
	} {
		err := checkCatalogue(newShop(t, shop(t, row.given...)))
		for _, want := range row.want {
			if err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("%s: CheckCoverage = %v, want %q", name, err, want)
			}
		}
		if len(row.want) == 0 && err != nil {
			t.Errorf("%s: CheckCoverage = %v", name, err)
		}
	}
}

// TestOptionsAloneAreGiven shows that options count as given where they are the
// only rules of a service, and where the matrix opens the method.
func TestOptionsAloneAreGiven(t *testing.T) {
	m := shopMatrix()
	m.Services, m.Public = nil, []string{catalogue + "/Version"}
	policy, err := access.New(m, catalogueOptions(t)...)
	if err != nil {
		t.Fatal(err)
	}
	if err := checkCatalogue(newShop(t, policy)); err != nil {
		t.Errorf("CheckCoverage = %v", err)
	}
}

// TestIdenticalEntriesAreNoOptions shows that a matrix which repeats what the
// .proto file says does not stand in for it: the file may change.
func TestIdenticalEntriesAreNoOptions(t *testing.T) {
	m, identical := shopMatrix(), []access.Allow{}
	for _, o := range catalogueOptions(t)[:3] {
		allow := o.Demands
		allow.Methods = []string{o.Method}
		identical = append(identical, allow)
	}
	m.Services["catalogue"] = access.Service{GRPC: []string{catalogue}, Allow: identical}
	m.Public = []string{catalogue + "/Version"}
	for name, row := range map[string]struct {
		given []access.MethodOptions
		want  string
	}{"not given": {nil, addOne}, "given": {catalogueOptions(t), ""}} {
		policy, err := access.New(m, row.given...)
		if err != nil {
			t.Fatal(err)
		}
		if err := checkCatalogue(newShop(t, policy)); row.want == "" && err != nil || row.want != "" && (err == nil || !strings.Contains(err.Error(), row.want)) {
			t.Errorf("%s: CheckCoverage = %v, want %q", name, err, row.want)
		}
	}
}

// TestSwapRefusesForgottenOptions shows that a policy without them does not
// replace one that has them.
func TestSwapRefusesForgottenOptions(t *testing.T) {
	options, issuer := catalogueOptions(t), newIssuer()
	server := newShop(t, shop(t, options...), issuer)
	if err := checkCatalogue(server); err != nil {
		t.Fatal(err)
	}
	for name, given := range map[string][]access.MethodOptions{"none": nil, "some": options[:2]} {
		if err := server.Swap(shop(t, given...)); err == nil || !strings.Contains(err.Error(), "the old policy stays") || !strings.Contains(err.Error(), addOne) {
			t.Errorf("%s: Swap = %v, want the line to add", name, err)
		}
	}
	err := unary(incoming(t.Context(), "Bearer "+issuer.Mint(good(testutil.Claims{"aud": "catalogue"}))), server, "/"+catalogue+"/PutItem")
	if got, want := verdictOf(err).Reason, audience.ReasonClientNotAllowed; got != want {
		t.Errorf("%v under the policy that stays, want %s", err, want)
	}
	if err := server.Swap(shop(t, options...)); err != nil {
		t.Errorf("Swap = %v", err)
	}
	if err := checkCatalogue(server); err != nil {
		t.Errorf("CheckCoverage of a second gRPC server = %v", err)
	}
}

// TestSwapGivesOptions shows that a gRPC server is compared with what the policy in
// force was made with, not with what the first was.
func TestSwapGivesOptions(t *testing.T) {
	options := catalogueOptions(t)
	server := newShop(t, shop(t))
	if err := server.Swap(shop(t, options...)); err != nil {
		t.Fatal(err)
	}
	if err := checkCatalogue(server); err != nil {
		t.Errorf("CheckCoverage = %v, though the new policy has the options", err)
	}
	server = newShop(t, shop(t, options...))
	if err := server.Swap(shop(t)); err != nil { // nothing is registered yet
		t.Fatal(err)
	}
	if err := checkCatalogue(server); err == nil || !strings.Contains(err.Error(), addOne) {
		t.Errorf("CheckCoverage = %v, want the new policy to lack the options", err)
	}
}

// TestUnknownDescriptorsAreNoError shows that a service of which no descriptor is
// linked has no options, whatever its file is said to be.
func TestUnknownDescriptorsAreNoError(t *testing.T) {
	for _, row := range []struct {
		service  string
		metadata any
	}{
		{"acme.handwritten.v1.Orders", nil},
		{"acme.handwritten.v1.Orders", "acme/catalogue/v1/catalogue.proto"},
		{"acme.handwritten.v1.Orders", 7},
		{"acme.catalogue.v1.Item", "acme/catalogue/v1/catalogue.proto"}, // a message
	} {
		m := shopMatrix()
		m.Services["catalogue"] = access.Service{GRPC: []string{row.service}, Allow: m.Services["catalogue"].Allow}
		policy, err := access.New(m)
		if err != nil {
			t.Fatal(err)
		}
		server := newShop(t, policy)
		srv := grpc.NewServer(server.Options()...)
		srv.RegisterService(&grpc.ServiceDesc{ServiceName: row.service, HandlerType: (*any)(nil), Metadata: row.metadata, Methods: []grpc.MethodDesc{{MethodName: "Get"}}}, &orders{})
		if err := server.CheckCoverage(srv); err != nil {
			t.Errorf("%s of %v: CheckCoverage = %v", row.service, row.metadata, err)
		}
	}
}

// TestUnreadableOptionsAreAnError shows that an option which may be a demand, and
// cannot be read, is not passed over.
func TestUnreadableOptionsAreAnError(t *testing.T) {
	service := registerLater(t)
	m := shopMatrix()
	m.Services["catalogue"] = access.Service{GRPC: []string{service}, Allow: m.Services["catalogue"].Allow}
	policy, err := access.New(m)
	if err != nil {
		t.Fatal(err)
	}
	server := newShop(t, policy)
	srv := grpc.NewServer(server.Options()...)
	srv.RegisterService(&grpc.ServiceDesc{ServiceName: service, HandlerType: (*any)(nil), Methods: []grpc.MethodDesc{{MethodName: "GetItem"}}}, &orders{})
	if err := server.CheckCoverage(srv); err == nil || !strings.Contains(err.Error(), "has a field that this version of grpcaud does not know") {
		t.Errorf("CheckCoverage = %v, want it to say what cannot be read", err)
	}
}

// registerLater links a service whose option has a field of a later version, once
// for the process.
func registerLater(t *testing.T) string {
	t.Helper()
	const service = "acme.later.v1.Catalogue"
	if _, err := protoregistry.GlobalFiles.FindDescriptorByName(service); err == nil {
		return service
	}
	file := protodesc.ToFileDescriptorProto(cataloguev1.File_acme_catalogue_v1_catalogue_proto)
	file.Name, file.Package, file.MessageType = proto.String("acme/later/v1/catalogue.proto"), proto.String("acme.later.v1"), nil
	s := file.GetService()[0]
	s.Method = s.GetMethod()[:1]
	s.GetMethod()[0].InputType, s.GetMethod()[0].OutputType = proto.String(".google.protobuf.Duration"), proto.String(".google.protobuf.Duration")
	file.Dependency = append(file.Dependency, "google/protobuf/duration.proto")
	s.Options = &descriptorpb.ServiceOptions{}
	access := &grpcaudv1.ServiceAccess{Audience: "catalogue"}
	access.ProtoReflect().SetUnknown(protoreflect.RawFields{0x98, 0x06, 0x01}) // field 99
	proto.SetExtension(s.Options, grpcaudv1.E_Service, access)
	made, err := protodesc.NewFile(file, protoregistry.GlobalFiles)
	if err != nil {
		t.Fatal(err)
	}
	if err := protoregistry.GlobalFiles.RegisterFile(made); err != nil {
		t.Fatal(err)
	}
	return service
}
