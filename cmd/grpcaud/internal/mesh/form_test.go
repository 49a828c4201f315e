package mesh_test

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/grpcaud/grpcaud/audience/policyfile"
	"github.com/grpcaud/grpcaud/cmd/grpcaud/internal/mesh"
	"github.com/grpcaud/grpcaud/internal/provider"
)

func planOf(t *testing.T, issuer, allow string) *mesh.Plan {
	t.Helper()
	policy, err := policyfile.Parse("access.yaml", []byte("version: 1\nissuers: {a: {url: https://a.example.com, "+issuer+"}}\n"+
		"services: {orders: {grpc: [acme.Orders], allow: [{clients: [c], methods: [Get], scopes: none, "+allow+"}]}}\nclients: {c: {}, robot: {id: the-robot}}\n"))
	if err != nil {
		t.Fatal(err)
	}
	plan, err := mesh.New(policy)
	if err != nil {
		t.Fatal(err)
	}
	return plan
}

// TestAlgorithmsAreAlwaysListed holds the list of an issuer that names no algorithm
// to those that a matrix may name.
func TestAlgorithmsAreAlwaysListed(t *testing.T) {
	_, err := policyfile.Parse("access.yaml", []byte("version: 1\nissuers: {a: {url: https://a.example.com, algorithms: [XS256]}}\n"))
	if err == nil {
		t.Fatal("got no error for an algorithm that does not exist")
	}
	_, list, found := strings.Cut(err.Error(), "there are ")
	list, _, _ = strings.Cut(list, "\n")
	want := strings.Split(list, ", ")
	if got := planOf(t, "preset: keycloak", "").Issuers[0].Algorithms(); !found || !slices.Equal(got, want) {
		t.Errorf("without algorithms: got %q, want %q", got, want)
	}
	if got := planOf(t, "preset: keycloak, algorithms: [ES256]", "").Issuers[0].Algorithms(); !slices.Equal(got, []string{"ES256"}) {
		t.Errorf("with ES256: got %q", got)
	}
	for _, weak := range []string{"none", "HS256", "HS384", "HS512"} {
		if slices.Contains(want, weak) {
			t.Errorf("%s is allowed", weak)
		}
	}
}

// TestUsersAreNoClients shows that a token whose subject is a client of the issuer,
// be it another than the caller, is none of a user.
func TestUsersAreNoClients(t *testing.T) {
	for preset, want := range map[string][]mesh.Condition{
		"rfc9068": {{Claim: []string{"sub"}, Values: []string{"c", "the-robot"}, Not: true}},
		"auth0": {
			{Claim: []string{"sub"}, Values: []string{"c", "the-robot"}, Not: true},
			{Claim: []string{"sub"}, Values: []string{"@clients"}, Not: true, Suffix: true},
		},
	} {
		plan := planOf(t, "preset: "+preset, "callers: users")
		all := fmt.Sprint(plan.Services[0].Rules)
		for _, c := range want {
			if !slices.ContainsFunc(plan.Services[0].Rules[0].Every, func(e mesh.Either) bool {
				return slices.ContainsFunc(e[0], func(got mesh.Condition) bool { return reflect.DeepEqual(got, c) })
			}) {
				t.Errorf("%s: got %s, want %v among it", preset, all, c)
			}
		}
	}
}

// TestFormsNameWhatEveryPresetReads shows that each claim by which a preset knows
// its client or its scopes has a form.
func TestFormsNameWhatEveryPresetReads(t *testing.T) {
	for _, p := range provider.All() {
		name := p.Preset
		if name == "google" || len(p.Token.Clients) == 0 {
			continue // one has one URL, and no proxy looks at tokens without a client
		}
		issuer := planOf(t, "preset: "+name, "").Issuers[0]
		for _, claim := range slices.Concat(p.Token.Clients, p.Token.Scopes, []string{"exp", "aud", "sub"}) {
			if !slices.ContainsFunc(issuer.Forms(), func(f mesh.Form) bool { return slices.Equal(f.Claim, []string{claim}) }) {
				t.Errorf("%s: no form of %s", name, claim)
			}
		}
	}
}
