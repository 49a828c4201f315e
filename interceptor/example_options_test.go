package interceptor_test

import (
	"fmt"

	"google.golang.org/grpc"
	"google.golang.org/protobuf/reflect/protoregistry"

	"github.com/grpcaud/grpcaud/audience/policyfile"
	"github.com/grpcaud/grpcaud/audience/protopolicy"
	"github.com/grpcaud/grpcaud/interceptor"
	cataloguev1 "github.com/grpcaud/grpcaud/proto/acme/catalogue/v1"
)

// The rules of a service can stand in its .proto file, by the options of package
// grpcaud.v1. The access matrix then names the issuer and the clients, and opens
// what is public; it may have rules of its own besides.
func ExampleNewServer_protoOptions() {
	options, err := protopolicy.FromFiles(protoregistry.GlobalFiles, "acme.catalogue.v1.Catalogue")
	if err != nil {
		fmt.Println(err)
		return
	}
	policy, err := policyfile.Parse("access.yaml", []byte(`version: 1
issuers: {corp: {url: "https://idp.example.com"}}
clients: {customer-portal: {}, backoffice-portal: {}}
public: [acme.catalogue.v1.Catalogue/Version]
`), options...)
	if err != nil {
		fmt.Println(err)
		return
	}
	admit, err := interceptor.NewServer(policy, interceptor.Services("acme.catalogue.v1.Catalogue"))
	if err != nil {
		fmt.Println(err)
		return
	}
	defer admit.Close()
	srv := grpc.NewServer(admit.Options()...)
	cataloguev1.RegisterCatalogueServer(srv, cataloguev1.UnimplementedCatalogueServer{})
	fmt.Println("covered:", admit.CheckCoverage(srv) == nil)

	target, err := policy.Target("backoffice-portal", "acme.catalogue.v1.Catalogue")
	fmt.Println("a client asks for", target.Audience, target.Scopes, err)
	// Output:
	// covered: true
	// a client asks for catalogue [catalogue.read catalogue.write] <nil>
}
