package protopolicy_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protodesc"
	"google.golang.org/protobuf/reflect/protoregistry"
	"google.golang.org/protobuf/types/descriptorpb"
	"google.golang.org/protobuf/types/dynamicpb"
	"google.golang.org/protobuf/types/known/durationpb"

	"github.com/grpcaud/grpcaud/audience/access"
	"github.com/grpcaud/grpcaud/audience/protopolicy"
	cataloguev1 "github.com/grpcaud/grpcaud/proto/acme/catalogue/v1"
	ordersv1 "github.com/grpcaud/grpcaud/proto/acme/orders/v1"
	grpcaudv1 "github.com/grpcaud/grpcaud/proto/grpcaud/v1"
)

const catalogue = "acme.catalogue.v1.Catalogue"

// wanted is what the catalogue's .proto says.
var wanted = func() []access.MethodOptions {
	readers := access.Allow{Clients: []string{"customer-portal", "backoffice-portal"}, Scopes: []string{"catalogue.read"}}
	const place = "acme/catalogue/v1/catalogue.proto:Catalogue"
	return []access.MethodOptions{
		{GRPC: catalogue, Method: "GetItem", Place: place, Audience: "catalogue", Demands: readers},
		{GRPC: catalogue, Method: "WatchItems", Place: place, Audience: "catalogue", Demands: readers},
		{GRPC: catalogue, Method: "PutItem", Place: place + ".PutItem", Audience: "catalogue", Demands: access.Allow{
			Clients: []string{"backoffice-portal"}, Scopes: []string{"catalogue.read", "catalogue.write"},
			Roles: []string{"buyer"}, ACR: []string{"gold"}, MaxAuthAge: 10 * time.Minute,
		}},
		{GRPC: catalogue, Method: "Version", Place: place + ".Version", Audience: "catalogue", Public: true},
	}
}()

// set returns the serialized descriptors of the catalogue and the orders, changed.
func set(tb testing.TB, change func(*descriptorpb.ServiceDescriptorProto)) []byte {
	tb.Helper()
	return setOf(tb, func(file *descriptorpb.FileDescriptorProto) { change(file.GetService()[0]) })
}

func setOf(tb testing.TB, change func(*descriptorpb.FileDescriptorProto)) []byte {
	tb.Helper()
	file := protodesc.ToFileDescriptorProto(cataloguev1.File_acme_catalogue_v1_catalogue_proto)
	change(file)
	data, err := proto.Marshal(&descriptorpb.FileDescriptorSet{File: []*descriptorpb.FileDescriptorProto{
		file, protodesc.ToFileDescriptorProto(ordersv1.File_acme_orders_v1_order_status_proto),
	}})
	if err != nil {
		tb.Fatal(err)
	}
	return data
}

func unchanged(*descriptorpb.ServiceDescriptorProto) {}

func TestOptionsOfFilesAreRead(t *testing.T) {
	for name, from := range map[string]func(...string) ([]access.MethodOptions, error){
		"files": func(services ...string) ([]access.MethodOptions, error) {
			return protopolicy.FromFiles(protoregistry.GlobalFiles, services...)
		},
		"descriptor set": func(services ...string) ([]access.MethodOptions, error) {
			return protopolicy.FromDescriptorSet(set(t, unchanged), services...)
		},
	} {
		for _, services := range [][]string{nil, {catalogue}, {"acme.orders.v1.OrderStatus", catalogue}} {
			got, err := from(services...)
			if diff := cmp.Diff(wanted, got); err != nil || diff != "" {
				t.Errorf("%s %q: %v (-want +got):\n%s", name, services, err, diff)
			}
		}
		if got, err := from("acme.orders.v1.OrderStatus"); err != nil || len(got) != 0 {
			t.Errorf("%s: %v, %v of a service without options", name, got, err)
		}
		if _, err := from("acme.catalogue.v1.Catalog"); err == nil || !strings.Contains(err.Error(), `no service "acme.catalogue.v1.Catalog" in the descriptors, did you mean "acme.catalogue.v1.Catalogue"?`) {
			t.Errorf("%s: %v for a service that is not there", name, err)
		}
	}
}

// TestOptionsOfDynamicTypesAreRead shows that options are read whose types were made
// at run time, such as by a parser of .proto files.
func TestOptionsOfDynamicTypesAreRead(t *testing.T) {
	var file descriptorpb.FileDescriptorProto
	data, err := proto.Marshal(protodesc.ToFileDescriptorProto(cataloguev1.File_acme_catalogue_v1_catalogue_proto))
	if err != nil {
		t.Fatal(err)
	}
	if err := (proto.UnmarshalOptions{Resolver: dynamicpb.NewTypes(protoregistry.GlobalFiles)}).Unmarshal(data, &file); err != nil {
		t.Fatal(err)
	}
	made, err := protodesc.NewFile(&file, protoregistry.GlobalFiles)
	if err != nil {
		t.Fatal(err)
	}
	var files protoregistry.Files
	if err := files.RegisterFile(made); err != nil {
		t.Fatal(err)
	}
	got, err := protopolicy.FromFiles(&files)
	if diff := cmp.Diff(wanted, got); err != nil || diff != "" {
		t.Errorf("%v (-want +got):\n%s", err, diff)
	}
}

// TestFromEveryField shows that every field of the option is read.
func TestFromEveryField(t *testing.T) {
	option := &grpcaudv1.MethodAccess{
		Clients: []string{"a"}, AnyClient: true, Scopes: []string{"b"}, AnyScopes: []string{"c"}, NoScopes: true, Roles: []string{"d"},
		Acr: []string{"e"}, MaxAuthAge: durationpb.New(time.Second), Optional: true, Public: true, Online: true,
	}
	fields := option.ProtoReflect().Descriptor().Fields()
	for i := range fields.Len() {
		if !option.ProtoReflect().Has(fields.Get(i)) {
			t.Errorf("the test leaves %s out", fields.Get(i).Name())
		}
	}
	got, err := protopolicy.FromDescriptorSet(set(t, func(s *descriptorpb.ServiceDescriptorProto) {
		s.GetMethod()[0].Options = &descriptorpb.MethodOptions{}
		proto.SetExtension(s.GetMethod()[0].GetOptions(), grpcaudv1.E_Method, option)
	}), catalogue)
	want := wanted[0]
	want.Place, want.Public = want.Place+".GetItem", true
	want.Demands = access.Allow{
		Clients: []string{"a"}, AnyClient: true, Scopes: []string{"b"}, AnyScopes: []string{"c"}, NoScopes: true, Roles: []string{"d"},
		ACR: []string{"e"}, MaxAuthAge: time.Second, Optional: true, Online: true,
	}
	if err != nil || len(got) == 0 {
		t.Fatal(got, err)
	}
	if diff := cmp.Diff(want, got[0]); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// TestFromDescriptorSetRefuses shows that an option which may be a demand and cannot
// be read is an error.
func TestFromDescriptorSetRefuses(t *testing.T) {
	method := func(change func(*descriptorpb.MethodDescriptorProto)) []byte {
		return set(t, func(s *descriptorpb.ServiceDescriptorProto) { change(s.GetMethod()[2]) })
	}
	access := func(m *descriptorpb.MethodDescriptorProto) *grpcaudv1.MethodAccess {
		return proto.GetExtension(m.GetOptions(), grpcaudv1.E_Method).(*grpcaudv1.MethodAccess)
	}
	later := protowire.AppendVarint(protowire.AppendTag(nil, 99, protowire.VarintType), 1)
	garbled := protowire.AppendVarint(protowire.AppendTag(nil, 57519, protowire.VarintType), 1)
	for want, data := range map[string][]byte{
		"no files":              nil,
		"descriptor set: proto": []byte("<html>not a descriptor set</html>"),
		"got 64 MiB, want":      make([]byte, 64<<20+1),
		`"acme/catalogue/v1/catalogue.proto": service "acme.catalogue.v1.Catalogue": "PutItem": grpcaud.v1.MethodAccess has a field that this version`: method(func(m *descriptorpb.MethodDescriptorProto) {
			access(m).ProtoReflect().SetUnknown(later)
		}),
		"google.protobuf.Duration has a field": method(func(m *descriptorpb.MethodDescriptorProto) {
			access(m).GetMaxAuthAge().ProtoReflect().SetUnknown(later)
		}),
		`Catalogue": grpcaud.v1.ServiceAccess has a field`: set(t, func(s *descriptorpb.ServiceDescriptorProto) {
			proto.GetExtension(s.GetOptions(), grpcaudv1.E_Service).(proto.Message).ProtoReflect().SetUnknown(later)
		}),
		"the option grpcaud.v1.method has another form": method(func(m *descriptorpb.MethodDescriptorProto) {
			proto.ClearExtension(m.GetOptions(), grpcaudv1.E_Method)
			m.GetOptions().ProtoReflect().SetUnknown(slices.Concat(later, garbled))
		}),
		"the option grpcaud.v1.service has another form": set(t, func(s *descriptorpb.ServiceDescriptorProto) {
			s.GetOptions().ProtoReflect().SetUnknown(garbled)
		}),
		"max_auth_age: want more than 0": method(func(m *descriptorpb.MethodDescriptorProto) { access(m).MaxAuthAge = durationpb.New(0) }),
		`max_auth_age: want more`:        method(func(m *descriptorpb.MethodDescriptorProto) { access(m).MaxAuthAge.Nanos = -1 }),
		`"Put\nItem": not the name of`:   method(func(m *descriptorpb.MethodDescriptorProto) { m.Name = proto.String("Put\nItem") }),
		`"Put\nIt": not the name of`: set(t, func(s *descriptorpb.ServiceDescriptorProto) {
			proto.ClearExtension(s.GetOptions(), grpcaudv1.E_Service)
			s.GetMethod()[2].Name = proto.String("Put\nIt")
		}),
		`"acme\n.proto": service "acme.catalogue.v1.Catalogue": "GetItem": not the name`: setOf(t, func(f *descriptorpb.FileDescriptorProto) { f.Name = proto.String("acme\n.proto") }),
		`service "acme/catalogue.Catalogue": "GetItem": not the name`:                    setOf(t, func(f *descriptorpb.FileDescriptorProto) { f.Package = proto.String("acme/catalogue") }),
		`"": not the name of a method`:                                                   set(t, func(s *descriptorpb.ServiceDescriptorProto) { s.GetMethod()[0].Name = nil }),
	} {
		options, err := protopolicy.FromDescriptorSet(data)
		if err == nil || !strings.Contains(err.Error(), want) || options != nil {
			t.Errorf("FromDescriptorSet = %v, %v, want an error that says %q", options, err, want)
		}
	}
}

// TestFromDescriptorSetKeeps shows that options of other packages are ignored.
func TestFromDescriptorSetKeeps(t *testing.T) {
	others := protowire.AppendVarint(protowire.AppendTag(nil, 50001, protowire.VarintType), 1)
	got, err := protopolicy.FromDescriptorSet(set(t, func(s *descriptorpb.ServiceDescriptorProto) {
		s.GetOptions().ProtoReflect().SetUnknown(others)
		s.GetMethod()[2].GetOptions().ProtoReflect().SetUnknown(others)
	}))
	if diff := cmp.Diff(wanted, got); err != nil || diff != "" {
		t.Errorf("%v (-want +got):\n%s", err, diff)
	}
}

// FuzzFromDescriptorSet shows that what is accepted can be written in a message
// and merged, and is read in the same way once more.
func FuzzFromDescriptorSet(f *testing.F) {
	f.Add(set(f, unchanged))
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, data []byte) {
		options, err := protopolicy.FromDescriptorSet(data)
		if err != nil {
			return
		}
		for _, o := range options {
			if o.GRPC == "" || o.Method == "" || strings.ContainsFunc(o.GRPC+o.Method+o.Place, unicode.IsControl) {
				t.Errorf("%+v", o)
			}
		}
		again, err := protopolicy.FromDescriptorSet(data)
		if diff := cmp.Diff(options, again); err != nil || diff != "" {
			t.Errorf("%v (-first +second):\n%s", err, diff)
		}
		_, err = access.New(access.Matrix{
			Issuers: map[string]access.Issuer{"corp": {URL: "https://idp.example.com"}},
			Clients: map[string]access.Client{"customer-portal": {}, "backoffice-portal": {}},
		}, options...)
		var problem *access.Problem
		if err != nil && !errors.As(err, &problem) {
			t.Errorf("Merge = %v, want problems", err)
		}
	})
}

// TestFromDescriptorSetIgnores shows that the names of methods without options are not
// checked.
func TestFromDescriptorSetIgnores(t *testing.T) {
	_, err := protopolicy.FromDescriptorSet(set(t, func(s *descriptorpb.ServiceDescriptorProto) {
		proto.ClearExtension(s.GetOptions(), grpcaudv1.E_Service)
		s.GetMethod()[0].Name, s.GetMethod()[0].Options = proto.String("Get\nItem"), nil
	}))
	if err != nil {
		t.Error(err)
	}
}
