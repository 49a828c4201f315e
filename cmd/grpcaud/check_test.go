package main_test

import (
	"encoding/json"
	"strings"
	"testing"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protodesc"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/descriptorpb"

	cataloguev1 "github.com/grpcaud/grpcaud/proto/acme/catalogue/v1"
	hrv1 "github.com/grpcaud/grpcaud/proto/acme/hr/v1"
	ordersv1 "github.com/grpcaud/grpcaud/proto/acme/orders/v1"
	"github.com/grpcaud/grpcaud/testutil"
)

// descriptors writes the descriptors of these files, without their imports.
func descriptors(t *testing.T, files ...protoreflect.FileDescriptor) string {
	t.Helper()
	var set descriptorpb.FileDescriptorSet
	for _, f := range files {
		set.File = append(set.File, protodesc.ToFileDescriptorProto(f))
	}
	data, err := proto.Marshal(&set)
	if err != nil {
		t.Fatal(err)
	}
	return file(t, "set.binpb", string(data))
}

func companyDescriptors(t *testing.T) string {
	return descriptors(t, ordersv1.File_acme_orders_v1_order_status_proto, hrv1.File_acme_hr_v1_human_resource_proto)
}

func TestCheckGolden(t *testing.T) {
	for _, row := range []struct {
		name string
		code int
		args []string
	}{
		{"check-company", 0, []string{company}},
		{"check-company-proto", 0, []string{company, "--strict", "--descriptors", companyDescriptors(t)}},
		{"check-company-json", 0, []string{company, "-o", "json"}},
		{"check-doubtful", 0, []string{"testdata/doubtful.yaml"}},
		{"check-doubtful-proto", 1, []string{"testdata/doubtful.yaml", "--descriptors", companyDescriptors(t)}},
	} {
		r := run(t, "", append([]string{"check"}, row.args...)...)
		r.want(t, row.code)
		golden(t, row.name, r.stdout)
	}
}

// TestProtoOptionsCount shows that options of .proto files count as they do in a server.
func TestProtoOptionsCount(t *testing.T) {
	const matrix = "testdata/catalogue.yaml"
	set := descriptors(t, cataloguev1.File_acme_catalogue_v1_catalogue_proto)
	run(t, "", "check", matrix, "--descriptors", set).want(t, 0)
	r := run(t, "", "matrix", matrix, "--descriptors", set)
	r.want(t, 0, "PutItem also needs, by acme/catalogue/v1/catalogue.proto:Catalogue.PutItem: client backoffice-portal, scopes catalogue.read and catalogue.write, role buyer")
	if strings.Contains(r.stdout, "Version needs") {
		t.Errorf("a public method is said to need something:\n%s", r.stdout)
	}
	issuer, keys := corp(t)
	args := []string{"explain", matrix, "--service", "catalogue", "--method", "PutItem", "--jwks", keys}
	raw := token(issuer, testutil.Claims{"aud": "catalogue", "scope": "catalogue.read"})
	run(t, raw, args...).want(t, 0)
	run(t, raw, append(args, "--descriptors", set)...).want(t, 1, "refused: CLIENT_NOT_ALLOWED", "catalogue.proto:Catalogue.PutItem")

	// Where the file is silent, the options are the rules.
	silent := file(t, "access.yaml", "version: 1\nissuers: {corp: {url: https://idp.example.com}}\nservices: {other: {grpc: [acme.Other]}}\n"+
		"clients: {customer-portal: {}, backoffice-portal: {}}\npublic: [acme.catalogue.v1.Catalogue/Version]\n")
	r = run(t, "", "matrix", silent, "--descriptors", set, "--client", "customer-portal")
	r.want(t, 0, "acme.catalogue.v1.Catalogue  audience catalogue", "customer-portal  GetItem")
	if strings.Contains(r.stdout, "besides") {
		t.Errorf("options that are the rules are said to stand beside them:\n%s", r.stdout)
	}

	// What contradicts is no policy.
	other := file(t, "access.yaml", "version: 1\nissuers: {corp: {url: https://idp.example.com}}\nservices: {shop: {grpc: [acme.catalogue.v1.Catalogue]}}\n"+
		"clients: {customer-portal: {}, backoffice-portal: {}}\n")
	for _, command := range []string{"check", "matrix"} {
		run(t, "", command, other, "--descriptors", set).want(t, 2, "catalogue.proto:Catalogue")
	}
}

func TestCheckStrict(t *testing.T) {
	run(t, "", "check", "--strict", company).want(t, 0)
	run(t, "", "check", "--strict", "testdata/doubtful.yaml").want(t, 1)
}

func TestCheckJSON(t *testing.T) {
	var out struct {
		Findings []struct {
			Severity, File, Text string
			Line, Column         int
		}
	}
	r := run(t, "", "check", "-o", "json", "testdata/doubtful.yaml", "--descriptors", companyDescriptors(t))
	r.want(t, 1)
	if err := json.Unmarshal([]byte(r.stdout), &out); err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	for _, f := range out.Findings {
		seen[f.Severity] = true
		if f.File != "testdata/doubtful.yaml" || f.Line == 0 || f.Column == 0 {
			t.Errorf("a finding without a place: %+v", f)
		}
	}
	for _, severity := range []string{"mistake", "warning", "info"} {
		if !seen[severity] {
			t.Errorf("no finding of severity %s in %s", severity, r.stdout)
		}
	}
}

func TestCheckBadDescriptors(t *testing.T) {
	for name, text := range map[string]string{
		"not a FileDescriptorSet": "syntax = \"proto3\";",
		"no gRPC service in it":   "",
	} {
		run(t, "", "check", company, "--descriptors", file(t, "set.binpb", text)).want(t, 2, "grpcaud: ", "set.binpb: ", name)
	}
	run(t, "", "check", company, "--descriptors", "missing.binpb").want(t, 2, "grpcaud: open missing.binpb")
}

// TestEntriesForUsersThatNoUserReaches shows that check and export warn of them.
func TestEntriesForUsersThatNoUserReaches(t *testing.T) {
	const text = `version: 1
issuers: {corp: {url: https://sso.example.com/realms/corp, preset: keycloak}}
services:
  orders:
    grpc: [acme.Orders]
    owner: team-orders
    allow: [{clients: [batch], methods: ["*"], scopes: none, why: It packs orders., callers: services}]
  people:
    grpc: [acme.People]
    owner: team-people
    allow: [{clients: [orders], methods: ["*"], scopes: none, why: It names the packer., callers: users}]
clients: {batch: {}, orders: {}}
`
	path := file(t, "access.yaml", text)
	const want = "the entry is for users, and no client at which users log in leads to it: orders is called for no user"
	run(t, "", "check", path).want(t, 0, want)
	run(t, "", "check", path, "--strict").want(t, 1, want)
	for _, to := range []string{"keycloak", "istio", "envoy"} {
		run(t, "", "export", path, "--to", to).want(t, 0, "grpcaud: warning: services.people.allow[0]: "+want)
	}
	run(t, "", "export", path, "--to", "keycloak").want(t, 0, `a login for users: service "people" has entries for them alone`)

	good := file(t, "access.yaml", strings.Replace(text, ", callers: services", "", 1))
	run(t, "", "check", good, "--strict").want(t, 0, "who must log in at one of these clients: batch")
	r := run(t, "", "export", good, "--to", "keycloak", "--login", "batch=https://batch.example.com/callback")
	r.want(t, 0, `"pkce.code.challenge.method": "S256"`)
	if strings.Contains(r.stderr, "log in") {
		t.Errorf("standard error: %s", r.stderr)
	}
	run(t, "", "export", "--help").want(t, 0, "code_challenge_method=S256")
}
