package access_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/grpcaud/grpcaud/audience/access"
)

// methodNames are the methods of each service of a random matrix. WatchC is streaming.
var methodNames = []string{"GetA", "GetB", "WatchC"}

// randomMatrix returns a matrix with every kind of hop, and options of .proto files.
func randomMatrix(r *rand.Rand) (access.Matrix, []access.MethodOptions) {
	m := access.Matrix{
		Issuers:  map[string]access.Issuer{"corp": {URL: "https://corp.example.com", Preset: "keycloak"}, "partner": {URL: "https://partner.example.com"}},
		Services: map[string]access.Service{}, Clients: map[string]access.Client{},
	}
	services := []string{"s0", "s1", "s2", "s3"}[:2+r.IntN(3)]
	clients := []string{"web", "job"}
	for i, name := range clients {
		m.Clients[name] = access.Client{Issuer: issuerOf(r, i)}
	}
	for i, name := range services {
		own := []string{name, "client-of-" + name, ""}[r.IntN(3)] // "": the service has no client
		if own != "" {
			m.Clients[own] = access.Client{Issuer: issuerOf(r, i)}
			if own != name {
				m.Clients[own] = access.Client{Issuer: m.Clients[own].Issuer, ID: name}
			}
			clients = append(clients, own)
		}
	}
	for _, name := range services {
		m.Services[name] = randomService(r, name, clients)
	}
	if chance(r, 5) {
		m.Public = append(m.Public, "walk."+services[0]+"/GetB")
	}
	var options []access.MethodOptions
	if chance(r, 3) {
		options = append(options, access.MethodOptions{GRPC: "walk." + services[len(services)-1], Method: "GetA", Place: "walk.proto: GetA", Demands: access.Allow{
			Callers: access.UsersOnly, Clients: slices.Clone(pick(r, clients)),
		}})
	}
	return m, options
}

func issuerOf(r *rand.Rand, i int) string {
	if i > 0 && chance(r, 4) {
		return "partner"
	}
	return "corp"
}

func randomService(r *rand.Rand, name string, clients []string) access.Service {
	s := access.Service{
		Issuers: []string{"corp", "partner"}[:1+r.IntN(2)], GRPC: []string{"walk." + name},
		SoleAudience: chance(r, 3), CallsNobody: chance(r, 6),
	}
	if !s.CallsNobody && chance(r, 4) {
		s.RunsAs = pick(r, clients)
	}
	for range 1 + r.IntN(2) {
		s.Allow = append(s.Allow, randomAllow(r, clients))
	}
	if chance(r, 6) {
		s.Closed = []string{"GetB"}
	}
	if chance(r, 12) {
		s.Rollout = []access.Rollout{{Mode: access.Observe, Until: time.Now().Add(time.Hour), Methods: methodNames[:1]}}
	}
	return s
}

func randomAllow(r *rand.Rand, clients []string) access.Allow {
	a := access.Allow{Clients: pick(r, clients), Methods: pick(r, methodNames), NoScopes: true, Optional: chance(r, 12)}
	a.Callers = []access.CallerKind{"", "", access.UsersOnly, access.ServicesOnly}[r.IntN(4)]
	if chance(r, 3) {
		a.NoScopes, a.Scopes = false, []string{"read"}
	}
	if chance(r, 6) {
		a.Methods = []string{"*"}
	}
	if chance(r, 8) {
		a.Clients, a.AnyClient, a.Roles, a.NoScopes, a.Scopes = nil, true, []string{"walk/clerk"}, true, nil
	}
	if chance(r, 8) && a.Callers != access.ServicesOnly {
		a.ACR = []string{"gold"}
	}
	return a
}

func chance(r *rand.Rand, of int) bool { return r.IntN(of) == 0 }

// pick returns one or two of the names.
func pick(r *rand.Rand, names []string) []string {
	all := slices.Clone(names)
	r.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
	return all[:1+r.IntN(2)]
}

// randomPolicy returns the first policy that can be made from a seed.
func randomPolicy(t *testing.T, seed uint64) *access.Policy {
	t.Helper()
	r := rand.New(rand.NewPCG(seed, 17))
	var err error
	for range 100 {
		var policy *access.Policy
		m, options := randomMatrix(r)
		if policy, err = access.New(m, options...); err == nil {
			return policy
		}
	}
	t.Fatal(fmt.Errorf("no random matrix is right; the last one: %w", err))
	return nil
}
