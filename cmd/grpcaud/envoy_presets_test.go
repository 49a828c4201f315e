package main_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc/codes"

	"github.com/grpcaud/grpcaud/audience/access"
	"github.com/grpcaud/grpcaud/audience/policyfile"
	"github.com/grpcaud/grpcaud/audience/verifier"
	"github.com/grpcaud/grpcaud/internal/provider"
	"github.com/grpcaud/grpcaud/testutil"
)

// entries are demands, by the names of the methods that have them.
var entries = map[string]string{
	"Plain":    "clients: [CLIENT], scopes: none",
	"Anybody":  "clients: any, scopes: none",
	"Scoped":   "clients: [CLIENT], scopes: [read, write]",
	"Either":   "clients: [CLIENT], scopes: [read], any_scopes: [eu, us]",
	"Role":     "clients: [CLIENT], scopes: none, roles: [auditor, orders/auditor]",
	"Claim":    "clients: [CLIENT], scopes: none, claims: {department: [finance]}, acr: [gold]",
	"Users":    "clients: [CLIENT], scopes: none, callers: users",
	"Services": "clients: [CLIENT], scopes: none, callers: services",
}

// A dialect is an issuer of one preset, with a service that accepts its tokens.
type dialect struct {
	name, client string
	provider.Token
	issuer *testutil.Issuer
	rules  map[string]string // the entries that the preset can have
}

// TestEnvoyIsNeverLooser compares Envoy with the engine for random tokens of each preset: what
// Envoy admits, the engine admits.
func TestEnvoyIsNeverLooser(t *testing.T) {
	dialects := newDialects(t)
	path := file(t, "access.yaml", matrixOf(dialects))
	policy, err := policyfile.Load(path)
	if err != nil {
		t.Fatal(err)
	}
	guard, err := policy.Guard(policy.Services()...)
	if err != nil {
		t.Fatal(err)
	}
	args, opts := []string{}, []verifier.Option{}
	for _, d := range dialects {
		keys := keysOf(t, d.issuer)
		args = append(args, "--jwks-file", d.name+"="+keys)
		opts = append(opts, verifier.StaticKeys(d.issuer.URL(), contents(t, keys)))
	}
	verify, err := verifier.New(guard.Issuers(), opts...)
	if err != nil {
		t.Fatal(err)
	}
	defer verify.Close()
	conn := fronted(t, path, args...)
	seed := uint64(time.Now().UnixNano())
	r := rand.New(rand.NewPCG(seed, 0))
	admitted := 0
	for range 2000 {
		d := dialects[r.IntN(len(dialects))]
		method := slices.Sorted(maps.Keys(d.rules))[r.IntN(len(d.rules))]
		full := "/" + d.grpc() + "/" + method
		claims, opts := d.random(r)
		raw := d.issuer.Mint(claims, opts...)
		genuine, err := verify.Verify(t.Context(), raw)
		if err == nil {
			err = guard.Rule(full).Judge(genuine, access.Presentation{Time: time.Now()})
		}
		envoys := call(t, conn, full, "Bearer "+raw)
		if err != nil && envoys == codes.OK {
			t.Errorf("seed %d: %s: Envoy admits, the engine says %v\n%v", seed, full, err, claims)
		}
		if envoys == codes.OK {
			admitted++
		}
	}
	t.Logf("seed %d: %d admitted", seed, admitted)
	if admitted < 200 {
		t.Errorf("seed %d: %d of 2000 calls admitted: the tokens are too bad to show anything", seed, admitted)
	}
}

func newDialects(t *testing.T) []*dialect {
	t.Helper()
	var all []*dialect
	for _, known := range provider.All() {
		name := known.Preset
		if len(known.Token.Clients) == 0 {
			continue // which is not exported
		}
		d := &dialect{name: name, client: "batch", Token: known.Token, rules: map[string]string{}}
		url := "https://" + name + ".example.com"
		switch name {
		case "google":
			url = "https://accounts.google.com"
		case "kubernetes":
			d.client = "system:serviceaccount:shop:batch"
		case "spiffe":
			d.client = "spiffe://example.com/batch"
		}
		d.issuer = testutil.NewIssuer(url, testutil.Typ(d.Types[0]))
		for method, entry := range entries {
			alone := &dialect{name: name, client: d.client, issuer: d.issuer, rules: map[string]string{method: strings.ReplaceAll(entry, "CLIENT", name+"-batch")}}
			if _, err := policyfile.Parse("access.yaml", []byte(matrixOf([]*dialect{alone}))); err == nil {
				maps.Copy(d.rules, alone.rules)
			}
		}
		all = append(all, d)
	}
	return all
}

func (d *dialect) grpc() string { return "acme." + strings.ReplaceAll(d.name, "-", "_") + ".Orders" }

func matrixOf(dialects []*dialect) string {
	issuers, services, clients := "issuers:\n", "services:\n", "clients:\n"
	for _, d := range dialects {
		issuers += fmt.Sprintf("  %s: {url: %q, preset: %s, jwks: %q}\n", d.name, d.issuer.URL(), d.name, d.issuer.URL()+"/keys")
		services += fmt.Sprintf("  %s: {issuer: %s, audience: orders, grpc: [%s], allow: [\n", d.name, d.name, d.grpc())
		for method, entry := range d.rules {
			services += fmt.Sprintf("    {methods: [%s], %s},\n", method, entry)
		}
		services += "  ]}\n"
		clients += fmt.Sprintf("  %s-batch: {issuer: %s, id: %q}\n  %s-other: {issuer: %s, id: %s-other}\n", d.name, d.name, d.client, d.name, d.name, d.name)
	}
	return "version: 1\n" + issuers + services + clients
}

// random returns the claims of a token for the service, with some flaws or none.
func (d *dialect) random(r *rand.Rand) (testutil.Claims, []testutil.MintOption) {
	claims := d.good(r)
	for range r.IntN(4) {
		name, value := flawed[r.IntN(len(flawed))], values[r.IntN(len(values))]
		if r.IntN(3) == 0 {
			value = fitting(r, name, d)
		}
		if _, object := value.(testutil.Claims); object && name == "resource_access" {
			continue // Envoy does not see what its objects hold
		}
		claims[name] = value
	}
	var opts []testutil.MintOption
	if d.Types[0] == "" {
		opts = append(opts, testutil.Header("typ", nil))
	}
	if r.IntN(10) == 0 {
		name := []string{"kid", "typ", "crit", "b64", "jku", "x5u", "jwk", "cty"}[r.IntN(8)]
		opts = append(opts, testutil.Header(name, values[r.IntN(len(values))]))
	}
	return claims, opts
}

// good returns the claims of a token that has no flaw, of a user or of the client.
func (d *dialect) good(r *rand.Rand) testutil.Claims {
	claims := testutil.Claims{"aud": "orders", "department": "finance", "acr": "gold", "roles": []string{"auditor"}, "permissions": []string{"auditor"}}
	for _, name := range d.Required {
		claims[name] = "x"
	}
	for name, value := range d.Values {
		claims[name] = value
	}
	delete(claims, "iat")
	for _, name := range d.Scopes {
		claims[name] = "read write eu"
	}
	claims["sub"] = []string{d.client, "alice"}[r.IntN(2)]
	claims[d.Clients[0]] = d.client // which may be sub
	return claims
}

// flawed are claims that are given other values.
var flawed = []string{
	"iss", "sub", "aud", "exp", "nbf", "iat", "jti", "azp", "client_id", "cid", "appid", "scope", "scp", "roles", "permissions", "groups",
	"scope", "scp", "realm_access", "resource_access", "department", "acr", "auth_time", "sid", "act", "typ", "token_use", "ver", "nonce", "events", "cnf", "uid",
	"username", "idtyp", "preferred_username", "cognito:groups", "urn:zitadel:iam:org:project:roles", "at_hash",
}

// values are what they are given. A nil one takes the claim away.
var values = []any{
	nil, json.RawMessage("null"), "", " ", "x", "orders", "batch", "alice", "read", "read write", " read write", "a\nb", `"`, 0, -1, 1, 9, 1.5, true, false,
	[]any{},
	[]any{"orders"},
	[]any{"read", "write"},
	[]any{"auditor"},
	[]any{"auditor", ""},
	[]any{"auditor", 1},
	[]any{nil},
	[]any{"batch"},
	testutil.Claims{},
	testutil.Claims{"sub": "a"},
	testutil.Claims{"sub": 1},
	testutil.Claims{"sub": "a", "act": testutil.Claims{"sub": ""}},
	testutil.Claims{"roles": []any{"auditor"}},
	testutil.Claims{"roles": "auditor"},
	testutil.Claims{"orders": testutil.Claims{"roles": []any{"auditor"}}},
	testutil.Claims{"auditor": 1},
	"service-account-batch", "batch@clients", "other@clients", "keycloak-other", "rfc9068-other", "auth0-other",
}

// fitting is a value that a claim may well have.
func fitting(r *rand.Rand, name string, d *dialect) any {
	now := time.Now().Unix()
	switch name {
	case "exp", "nbf", "iat", "auth_time":
		return now + []int64{-370 * 86400, -90000, -86400, -3600, -60, -20, 0, 20, 60, 3600, 86000, 90000}[r.IntN(12)]
	case "aud":
		return []any{"orders", []any{"orders", "x"}, []any{"x"}}[r.IntN(3)]
	case "sub", "azp", "client_id", "cid", "appid":
		return []any{d.client, d.name + "-other", "alice"}[r.IntN(3)]
	case "scope", "scp":
		return []any{
			"read write eu",
			[]any{"read", "write", "us"},
			"write read", "read us", "read write  eu",
			[]any{"read", "write", "eu", "a b"},
			[]any{"read", "write", "eu", "\u00e9"},
			[]any{"read", "write", "eu", "a\nb"},
		}[r.IntN(8)]
	}
	return "x"
}

func contents(t *testing.T, path string) []byte {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return data
}
