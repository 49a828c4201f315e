package policyfile_test

import (
	"fmt"

	"github.com/grpcaud/grpcaud/audience/policyfile"
)

func ExampleParse() {
	_, err := policyfile.Parse("access.yaml", []byte(`version: 1
issuers:
  corp: {url: https://idp.example.com}
services:
  order-status:
    audience: 42
    grpc: [acme.orders.v1.OrderStatus]
    allow:
      - clients: [backoffice-portal]
        methods: ["*"]
        scope: none
clients:
  backoffice-portal: {secret: hunter2}
`))
	fmt.Println(err)
	// Output:
	// access.yaml:6:15: want a string, got a number; quote it if it is a name
	// access.yaml:11:9: unknown key "scope", did you mean "scopes"?
	// access.yaml:13:31: want {file: …} or {env: …}: secrets never stand in this file
}
