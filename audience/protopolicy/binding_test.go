package protopolicy_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/types/descriptorpb"

	"github.com/grpcaud/grpcaud/audience/access"
	"github.com/grpcaud/grpcaud/audience/protopolicy"
)

// field returns a field with a text or a message, as google.api.HttpRule has it.
func field(number protowire.Number, value string) string {
	return string(protowire.AppendString(protowire.AppendTag(nil, number, protowire.BytesType), value))
}

// httpOption returns the option google.api.http with an HttpRule of these fields.
func httpOption(fields ...string) []byte {
	return []byte(field(72295728, strings.Join(fields, "")))
}

// withHTTP returns a descriptor set whose method GetItem has these options besides its own.
func withHTTP(t *testing.T, options []byte) []byte {
	t.Helper()
	return set(t, func(s *descriptorpb.ServiceDescriptorProto) {
		m := s.GetMethod()[0]
		if m.Options == nil {
			m.Options = &descriptorpb.MethodOptions{}
		}
		m.GetOptions().ProtoReflect().SetUnknown(options)
	})
}

func TestPathsOfMethodsAreRead(t *testing.T) {
	const template = "/v1/{name=items/*}"
	for name, test := range map[string]struct {
		options []byte
		want    []string
	}{
		"none":                      {nil, nil},
		"get":                       {httpOption(field(2, template)), []string{"GET " + template}},
		"put":                       {httpOption(field(3, template)), []string{"PUT " + template}},
		"post with body":            {httpOption(field(4, template+":buy"), field(7, "*"), field(12, "item")), []string{"POST " + template + ":buy"}},
		"delete":                    {httpOption(field(5, template)), []string{"DELETE " + template}},
		"patch":                     {httpOption(field(1, "acme"), field(6, template)), []string{"PATCH " + template}},
		"custom":                    {httpOption(field(8, field(1, "HEAD")+field(2, template))), []string{"HEAD " + template}},
		"every method":              {httpOption(field(8, field(1, "*")+field(2, template))), []string{"* " + template}},
		"additional":                {httpOption(field(2, template), field(11, field(4, "/a")+field(7, "*")), field(11, field(8, field(1, "OPTIONS")+field(2, "/b")))), []string{"GET " + template, "POST /a", "OPTIONS /b"}},
		"additional alone":          {httpOption(field(11, field(2, "/a"))), []string{"GET /a"}},
		"the last alternative":      {httpOption(field(2, "/a"), field(4, "/b")), []string{"POST /b"}},
		"in two pieces":             {append(httpOption(field(2, "/a")), httpOption(field(11, field(2, "/b")))...), []string{"GET /a", "GET /b"}},
		"empty":                     {httpOption(), nil},
		"among options of others":   {append([]byte(field(50001, "x")), httpOption(field(2, "/a"))...), []string{"GET /a"}},
		"an option of another kind": {protowire.AppendVarint(protowire.AppendTag(nil, 50001, protowire.VarintType), 1), nil},
	} {
		options, err := protopolicy.FromDescriptorSet(withHTTP(t, test.options))
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		want := wanted[0]
		want.HTTP = test.want
		if diff := cmp.Diff(want, options[0]); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

func TestPathsOfAnotherFormAreRefused(t *testing.T) {
	number := func(field protowire.Number) string {
		return string(protowire.AppendVarint(protowire.AppendTag(nil, field, protowire.VarintType), 1))
	}
	for name, options := range map[string][]byte{
		"option of another kind":   []byte(number(72295728)),
		"path of another kind":     httpOption(number(2)),
		"unknown field":            httpOption(field(2, "/a"), field(99, "x")),
		"unknown field in custom":  httpOption(field(8, field(3, "x"))),
		"kind of another kind":     httpOption(field(8, number(1))),
		"unknown in additional":    httpOption(field(11, field(99, "x"))),
		"additional in additional": httpOption(field(11, field(2, "/a")+field(11, field(2, "/b")))),
		"cut off":                  httpOption("\x12\x7f"),
		"too many":                 httpOption(strings.Repeat(field(11, field(2, "/a")), 101)),
	} {
		_, err := protopolicy.FromDescriptorSet(withHTTP(t, options))
		if err == nil || !strings.Contains(err.Error(), `service "acme.catalogue.v1.Catalogue": "GetItem": `) {
			t.Errorf("%s: %v, want an error that names the method", name, err)
		}
	}
}

// TestMethodWithAPathAlone shows that a path without other options is returned, and that it
// demands nothing.
func TestMethodWithAPathAlone(t *testing.T) {
	data := setOf(t, func(f *descriptorpb.FileDescriptorProto) {
		m := f.GetService()[0].GetMethod()[0]
		f.GetService()[0].Options, m.Options = nil, &descriptorpb.MethodOptions{}
		m.GetOptions().ProtoReflect().SetUnknown(httpOption(field(2, "/v1/items/{id}")))
	})
	got, err := protopolicy.FromDescriptorSet(data, catalogue)
	want := access.MethodOptions{GRPC: catalogue, Method: "GetItem", Place: "acme/catalogue/v1/catalogue.proto:Catalogue.GetItem", HTTP: []string{"GET /v1/items/{id}"}}
	if err != nil || len(got) == 0 {
		t.Fatal(got, err)
	}
	if diff := cmp.Diff(want, got[0]); diff != "" || !got[0].OnlyHTTP() {
		t.Errorf("OnlyHTTP %t (-want +got):\n%s", got[0].OnlyHTTP(), diff)
	}
}

// FuzzPaths shows that whatever an option google.api.http holds is an error, or is read the
// same twice and judged without a panic.
func FuzzPaths(f *testing.F) {
	f.Add([]byte(field(2, "/v1/{name=items/*}:buy") + field(11, field(8, field(1, "HEAD")+field(2, "/a")))))
	f.Add([]byte(field(4, "/v1/{a=**}/b")))
	f.Add([]byte("\x12\x7f"))
	f.Fuzz(func(t *testing.T, rule []byte) {
		options, err := protopolicy.FromDescriptorSet(withHTTP(t, httpOption(string(rule))), catalogue)
		if err != nil {
			return
		}
		again, err := protopolicy.FromDescriptorSet(withHTTP(t, httpOption(string(rule))), catalogue)
		if diff := cmp.Diff(options, again); err != nil || diff != "" {
			t.Errorf("%v (-first +second):\n%s", err, diff)
		}
		_, _ = access.New(access.Matrix{
			Issuers: map[string]access.Issuer{"corp": {URL: "https://idp.example.com"}},
			Services: map[string]access.Service{"catalogue": {
				GRPC: []string{catalogue}, HTTP: &access.HTTP{}, Allow: []access.Allow{{AnyClient: true, Methods: []string{"*"}, NoScopes: true}},
			}},
			Clients: map[string]access.Client{"customer-portal": {}, "backoffice-portal": {}},
		}, options...)
	})
}
