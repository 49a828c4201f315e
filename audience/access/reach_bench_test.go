package access_test

import (
	"fmt"
	"math/rand/v2"
	"runtime"
	"testing"

	"github.com/grpcaud/grpcaud/audience/access"
)

// bigMatrix has 1,000 services, each with a client of its name, and 1,000 other clients.
func bigMatrix() access.Matrix {
	const services = 1000
	r := rand.New(rand.NewPCG(1, 2))
	m := access.Matrix{Issuers: map[string]access.Issuer{"corp": {URL: corp}}, Services: map[string]access.Service{}, Clients: map[string]access.Client{}}
	for i := range services {
		m.Clients[fmt.Sprintf("service-%d", i)], m.Clients[fmt.Sprintf("app-%d", i)] = access.Client{}, access.Client{}
	}
	for i := range services {
		s := access.Service{GRPC: []string{fmt.Sprintf("big.v1.S%d", i)}}
		for n := range 3 {
			s.Allow = append(s.Allow, access.Allow{
				Clients: []string{fmt.Sprintf("service-%d", r.IntN(services)), fmt.Sprintf("service-%d", r.IntN(services)), fmt.Sprintf("app-%d", r.IntN(services))},
				Methods: []string{fmt.Sprintf("Get%d", n), "List"}, NoScopes: true,
			})
		}
		m.Services[fmt.Sprintf("service-%d", i)] = s
	}
	return m
}

// BenchmarkReach measures the reach of 2,000 clients in 1,000 services, with the paths, and
// what it takes of memory at its largest.
func BenchmarkReach(b *testing.B) {
	policy, err := access.New(bigMatrix())
	if err != nil {
		b.Fatal(err)
	}
	var peak uint64
	paths := 0
	for b.Loop() {
		reach := policy.Reach()
		paths = 0
		for client := range policy.Matrix().Clients {
			for range reach.From(client) {
				paths++
			}
			var now runtime.MemStats
			if runtime.ReadMemStats(&now); now.Sys > peak {
				peak = now.Sys
			}
		}
	}
	b.ReportMetric(float64(paths), "paths")
	b.ReportMetric(float64(peak)/(1<<20), "MiB")
}

// BenchmarkNever measures a matrix of that size with a statement about all clients.
func BenchmarkNever(b *testing.B) {
	m := bigMatrix()
	m.Services["vault"] = access.Service{GRPC: []string{"big.v1.Vault"}, CallsNobody: true, Allow: []access.Allow{{Clients: []string{"app-1"}, Methods: []string{"Get"}, NoScopes: true}}}
	m.Never = []access.Never{{FromAny: true, To: "vault", Except: []string{"Get"}}}
	for b.Loop() {
		if _, err := access.New(m); err != nil {
			b.Fatal(err)
		}
	}
}
