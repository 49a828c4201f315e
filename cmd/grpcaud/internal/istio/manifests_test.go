package istio_test

import (
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"

	"github.com/grpcaud/grpcaud/audience/policyfile"
	"github.com/grpcaud/grpcaud/cmd/grpcaud/internal/istio"
	"github.com/grpcaud/grpcaud/cmd/grpcaud/internal/mesh"
)

// manifest is what the tests look at of a manifest.
type manifest struct {
	Kind     string
	Metadata struct{ Name, Namespace string }
	Spec     struct {
		Selector struct {
			MatchLabels map[string]string `yaml:"matchLabels"`
		}
		Action   string
		JWTRules []struct {
			Issuer               string
			Audiences            []string
			JWKS                 string
			JWKSURI              string `yaml:"jwksUri"`
			ForwardOriginalToken bool   `yaml:"forwardOriginalToken"`
		} `yaml:"jwtRules"`
		Rules []rule
	}
}

type rule struct {
	To   []struct{ Operation operation }
	When []condition
}

type operation struct {
	Paths    []string
	NotPaths []string `yaml:"notPaths"`
}

type condition struct {
	Key       string
	Values    []string
	NotValues []string `yaml:"notValues"`
}

const head = "version: 1\nissuers: {corp: {url: https://sso.example.com/realms/corp, preset: keycloak}}\nclients: {portal: {}, batch: {}}\n"

// export returns the manifests of a matrix, and the notes.
func export(t *testing.T, matrix string, o istio.Options) (all []manifest, notes []string) {
	t.Helper()
	policy, err := policyfile.Parse("access.yaml", []byte(matrix))
	if err != nil {
		t.Fatal(err)
	}
	plan, err := mesh.New(policy)
	if err != nil {
		t.Fatal(err)
	}
	if o.Selector == "" {
		o.Selector = "app={service}"
	}
	manifests, notes, err := istio.Manifests(plan, o)
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range manifests {
		text, err := yaml.Marshal(m)
		if err != nil {
			t.Fatal(err)
		}
		var one manifest
		if err := yaml.Unmarshal(text, &one); err != nil {
			t.Fatal(err)
		}
		all = append(all, one)
	}
	return all, notes
}

// when returns the condition of a rule on a claim.
func (r rule) when(claim string) (condition, bool) {
	i := slices.IndexFunc(r.When, func(c condition) bool { return c.Key == "request.auth.claims"+claim })
	if i < 0 {
		return condition{}, false
	}
	return r.When[i], true
}

func TestServiceHasThreeManifests(t *testing.T) {
	all, _ := export(t, head+"services: {Order_Status: {grpc: [acme.Orders], audience: orders, allow: [{clients: [portal], methods: [Get], scopes: [read]}]}}\n",
		istio.Options{Namespace: "shop"})
	var kinds []string
	for _, m := range all {
		kinds = append(kinds, m.Kind+" "+m.Metadata.Name+" "+m.Spec.Action)
		if m.Metadata.Namespace != "shop" || m.Spec.Selector.MatchLabels["app"] != "Order_Status" {
			t.Errorf("%s: namespace %q, selector %v", m.Kind, m.Metadata.Namespace, m.Spec.Selector.MatchLabels)
		}
	}
	want := []string{"RequestAuthentication grpcaud-order-status ", "AuthorizationPolicy grpcaud-order-status-access-tokens DENY", "AuthorizationPolicy grpcaud-order-status ALLOW"}
	if !slices.Equal(kinds, want) {
		t.Errorf("got %q, want %q", kinds, want)
	}
	jwt := all[0].Spec.JWTRules
	if len(jwt) != 1 || jwt[0].Issuer != "https://sso.example.com/realms/corp" || !slices.Equal(jwt[0].Audiences, []string{"orders"}) || jwt[0].ForwardOriginalToken {
		t.Errorf("tokens are verified by %+v", jwt)
	}
	if want := "https://sso.example.com/realms/corp/protocol/openid-connect/certs"; jwt[0].JWKSURI != want || jwt[0].JWKS != "" {
		t.Errorf("keys at %q and in %q, want %q", jwt[0].JWKSURI, jwt[0].JWKS, want)
	}
}

// TestRulesDemandEveryPart shows that no condition of an entry is lost on the way.
func TestRulesDemandEveryPart(t *testing.T) {
	all, _ := export(t, head+"services: {orders: {grpc: [acme.Orders], allow: [{clients: [portal], methods: [Get], scopes: [read, write], roles: [clerk], claims: {dept: [a, b]}}]}}\n", istio.Options{})
	rules := all[2].Spec.Rules
	if len(rules) == 0 {
		t.Fatal("no rules")
	}
	for _, r := range rules {
		if len(r.To) != 1 || !slices.Equal(r.To[0].Operation.Paths, []string{"/acme.Orders/Get"}) {
			t.Errorf("paths: %+v", r.To)
		}
		for claim, want := range map[string][]string{
			"[iss]": {"https://sso.example.com/realms/corp"}, "[aud]": {"orders"}, "[azp]": {"portal"},
			"[dept]": {"a", "b"}, "[realm_access][roles]": {"clerk"},
		} {
			if got, ok := r.when(claim); !ok || !slices.Equal(got.Values, want) {
				t.Errorf("%s: got %+v, want %q in %+v", claim, got, want, r.When)
			}
		}
		var scopes []string
		for _, c := range r.When {
			if c.Key == "request.auth.claims[scope]" {
				scopes = append(scopes, c.Values...)
			}
		}
		if !slices.Equal(scopes, []string{"read", "write"}) {
			t.Errorf("scopes: %q", scopes)
		}
	}
}

// TestOtherTokensAreDenied shows that a token which is no access token of its issuer is
// refused whatever the rules say.
func TestOtherTokensAreDenied(t *testing.T) {
	all, _ := export(t, head+"services: {orders: {grpc: [acme.Orders], allow: [{clients: [portal], methods: [Get], scopes: none}]}}\n", istio.Options{})
	var typ, hash bool
	for _, r := range all[1].Spec.Rules {
		if iss, ok := r.when("[iss]"); !ok || !slices.Equal(iss.Values, []string{"https://sso.example.com/realms/corp"}) {
			t.Errorf("a rule for tokens of any issuer: %+v", r)
		}
		c, _ := r.when("[typ]")
		typ = typ || slices.Equal(c.NotValues, []string{"Bearer"})
		c, _ = r.when("[at_hash]")
		hash = hash || slices.Equal(c.Values, []string{"*"})
	}
	if !typ || !hash {
		t.Errorf("typ other than Bearer denied: %t, an at_hash denied: %t", typ, hash)
	}
}

// TestServiceWithoutRulesAdmitsNobody shows that the policy is there, and is empty.
func TestServiceWithoutRulesAdmitsNobody(t *testing.T) {
	all, _ := export(t, head+"services: {orders: {grpc: [acme.Orders]}}\n", istio.Options{})
	last := all[len(all)-1]
	if last.Kind != "AuthorizationPolicy" || last.Spec.Action != "ALLOW" || len(last.Spec.Rules) != 0 {
		t.Errorf("got %+v, want a policy without rules", last)
	}
}

// TestKeysAreWrittenIn shows that given keys stand in the manifest, and no address.
func TestKeysAreWrittenIn(t *testing.T) {
	all, _ := export(t, head+"services: {orders: {grpc: [acme.Orders], allow: [{clients: [portal], methods: [Get], scopes: none}]}}\n",
		istio.Options{Keys: map[string][]byte{"corp": []byte(`{"keys":[]}`)}, Forward: true})
	if jwt := all[0].Spec.JWTRules[0]; jwt.JWKS != `{"keys":[]}` || jwt.JWKSURI != "" || !jwt.ForwardOriginalToken {
		t.Errorf("got %+v", jwt)
	}
}

// TestDemandsThatIstioCannotExpressAreLeftOut shows that an entry is dropped, with a note,
// rather than loosened.
func TestDemandsThatIstioCannotExpressAreLeftOut(t *testing.T) {
	for demand, note := range map[string]string{
		`claims: {dept: ["a*"]}`:      "a star would match anything",
		`claims: {"a[b]": [c]}`:       "a name with brackets",
		`callers: users, acr: ["*x"]`: "a star would match anything",
	} {
		all, notes := export(t, head+"services: {orders: {grpc: [acme.Orders], allow: [{clients: [portal], methods: [Get], scopes: none, "+demand+"}]}}\n", istio.Options{})
		if last := all[len(all)-1]; len(last.Spec.Rules) != 0 {
			t.Errorf("%s: a rule all the same: %+v", demand, last.Spec.Rules)
		}
		if !slices.ContainsFunc(notes, func(n string) bool { return strings.Contains(n, note) }) {
			t.Errorf("%s: no note about %q in %q", demand, note, notes)
		}
	}
}

// TestSoleAudienceIsLeftOut shows that a service which demands one audience alone admits
// nobody through Istio.
func TestSoleAudienceIsLeftOut(t *testing.T) {
	all, notes := export(t, head+"services: {orders: {grpc: [acme.Orders], sole_audience: true, allow: [{clients: [portal], methods: [Get], scopes: none}]}}\n", istio.Options{})
	if last := all[len(all)-1]; len(last.Spec.Rules) != 0 || !strings.Contains(strings.Join(notes, "\n"), "sole_audience") {
		t.Errorf("got %+v, notes %q", last.Spec.Rules, notes)
	}
}

// TestPublicMethodsNeedNoToken shows that a public method is open, and an optional one
// only to calls without a token or with an admitted one.
func TestPublicMethodsNeedNoToken(t *testing.T) {
	all, _ := export(t, head+"public: [grpc.health.v1.Health]\nservices: {orders: {grpc: [acme.Orders], allow: [{clients: [portal], methods: [Get], scopes: none, optional: true}]}}\n", istio.Options{})
	rules := all[len(all)-1].Spec.Rules
	if !slices.Equal(rules[0].To[0].Operation.Paths, []string{"/grpc.health.v1.Health/*"}) || len(rules[0].When) != 0 {
		t.Errorf("public: %+v", rules[0])
	}
	iss, ok := rules[1].when("[iss]")
	header := slices.ContainsFunc(rules[1].When, func(c condition) bool {
		return c.Key == "request.headers[authorization]" && slices.Equal(c.NotValues, []string{"*"})
	})
	if !ok || !slices.Equal(iss.NotValues, []string{"*"}) || !header {
		t.Errorf("without a token: %+v", rules[1])
	}
}

func TestManifestsRefuse(t *testing.T) {
	const two = head + "services: {a-b: {grpc: [acme.A]}, a_b: {grpc: [acme.B]}}\n"
	const one = head + "services: {orders: {grpc: [acme.A]}}\n"
	for _, row := range []struct{ name, matrix, selector, want string }{
		{"one name for two services", two, "app={service}", "would both have the manifest"},
		{"selector without value", one, "app", "--selector"},
		{"selector without key", one, "={service}", "--selector"},
		{"selector with a space", one, "app=a b", "--selector"},
	} {
		policy, err := policyfile.Parse("access.yaml", []byte(row.matrix))
		if err != nil {
			t.Fatal(err)
		}
		plan, err := mesh.New(policy)
		if err != nil {
			t.Fatal(err)
		}
		if _, _, err := istio.Manifests(plan, istio.Options{Selector: row.selector}); err == nil || !strings.Contains(err.Error(), row.want) {
			t.Errorf("%s: %v, want an error about %q", row.name, err, row.want)
		}
	}
}
