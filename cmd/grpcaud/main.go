// Grpcaud works with the access matrix at the command line, with the engine of the
// servers.
//
//	grpcaud init proto/
//	grpcaud learn [--base observe.yaml] decisions.jsonl
//	grpcaud check access.yaml [--descriptors set.binpb] [--strict]
//	grpcaud matrix access.yaml [-o table|markdown|mermaid|dot|html|json]
//	grpcaud ui access.yaml
//	grpcaud reach access.yaml
//	grpcaud review access.yaml decisions.jsonl [--since 90d] [--patch]
//	grpcaud explain access.yaml --service order-status --method GetOrderStatus < token
//	grpcaud token access.yaml --as customer-portal --for order-status
//	grpcaud doctor access.yaml
//	grpcaud dev access.yaml --user alice --role clerk
//	grpcaud serve access.yaml --service order-status --addr 127.0.0.1:8080 --plaintext
//	grpcaud call access.yaml --as customer-portal --for order-status --addr 127.0.0.1:8080 --plaintext
//	grpcaud revoke access.yaml --store valkeys://valkey.internal:6379 --subject alice --issued-before now
//	grpcaud status --store valkeys://valkey.internal:6379
//	grpcaud diff old.yaml new.yaml
//	grpcaud diff access.yaml --keycloak https://sso.example.com --realm corp
//	grpcaud export access.yaml --to keycloak|istio|envoy
//	grpcaud schema
//	grpcaud --version
//	grpcaud completion bash|zsh|fish|powershell
//
// Init writes a first access matrix, and learn writes one from what running servers have
// recorded. Check reads the file as a server does, and reports what is probably wrong; with
// a set of descriptors, also where the file and the .proto files contradict each other.
// Matrix shows who may call what, and ui does so in a browser. Reach shows what each client
// can reach, also through other services, and review which grants nobody uses.
// Explain judges a token, says why, and how to fix it; token requests one first, as a
// client of the matrix. Doctor does so as each client for each service, and compares what
// the issuers give with what the matrix says. Dev plays the issuers of the matrix on this
// machine.
// Serve is a guarded server for trying tokens, and call makes one call of it, or of any
// other server. Revoke has every replica of the servers refuse tokens, and status shows
// the replicas. Diff compares two matrices, or one with a realm of Keycloak. Export
// writes the matrix for Keycloak, Istio or Envoy. Schema prints its JSON Schema.
//
// For the matrix and for tokens, - is standard input; a matrix from there includes no
// other files. Everything else that is read by its path is a regular file, or for logs a
// named pipe: a device in its place is an error.
//
// The exit status is 0 if all is well, 1 if the answer is no (a token refused, a
// difference, a finding), and 2 if there is no answer: wrong use, a file that cannot be
// read, or an issuer that cannot be asked. Then standard error says why, in lines such
// as
//
//	grpcaud: access.yaml:12:9: unknown client "portl", did you mean "portal"?
//
// Output has colours on a terminal only, and not if NO_COLOR is set.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := run(ctx, os.Args[1:], os.Stdin, os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}
