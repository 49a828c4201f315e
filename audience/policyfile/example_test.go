package policyfile_test

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"github.com/grpcaud/grpcaud/audience/access"
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

// One call has a server and a client of the same process follow the access matrix.
func ExampleSwapAll() {
	dir, err := os.MkdirTemp("", "")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, "access.yaml")
	matrix := `version: 1
issuers: {corp: {url: https://idp.example.com}}
services:
  order-status: {grpc: [acme.orders.v1.OrderStatus], allow: [{clients: [portal], methods: ["*"], scopes: none}]}
clients: {portal: {}}
`
	if err := os.WriteFile(path, []byte(matrix), 0o600); err != nil {
		fmt.Println(err)
		return
	}
	ctx, stop := context.WithCancel(context.Background())
	server := func(p *access.Policy) error { fmt.Println("server:", p.Services()); return nil }         // interceptor.Server.Swap
	client := func(p *access.Policy) error { fmt.Println("client:", p.Services()); stop(); return nil } // interceptor.Client.Swap

	err = policyfile.Watch(ctx, path, policyfile.SwapAll(server, client), policyfile.WatchInterval(time.Millisecond), policyfile.WatchLogger(slog.New(slog.DiscardHandler)))
	fmt.Println(err)
	// Output:
	// server: [order-status]
	// client: [order-status]
	// <nil>
}
