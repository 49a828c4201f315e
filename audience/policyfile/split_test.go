package policyfile_test

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/grpcaud/grpcaud/audience"
	"github.com/grpcaud/grpcaud/audience/access"
	"github.com/grpcaud/grpcaud/audience/claims"
	"github.com/grpcaud/grpcaud/audience/policyfile"
)

// token is what an issuer signed.
type token struct {
	issuer, client, scope string
	audience              []string
}

func (c token) claims(t *testing.T) *claims.Claims {
	t.Helper()
	preset, _ := claims.LookupPreset("")
	payload := fmt.Sprintf(`{"iss":%q,"sub":%q,"client_id":%q,"aud":["%s"],"scope":%q,"iat":%d,"exp":%d,"jti":"j"}`,
		c.issuer, c.client, c.client, strings.Join(c.audience, `","`), c.scope, time.Now().Unix(), time.Now().Add(time.Hour).Unix())
	claims, err := preset.Claims([]byte(payload))
	if err != nil {
		t.Fatal(err)
	}
	return claims
}

// verdicts judges calls of every method that there may be at every service that is
// not hostile: without a token, with those of every client, and with those of a
// stranger.
func (c *company) verdicts(t *testing.T, policy *access.Policy) map[string]string {
	t.Helper()
	all := map[string]string{}
	for _, name := range c.services {
		tokens := map[string]*claims.Claims{}
		for _, tok := range c.tokens(name) {
			tokens[fmt.Sprint(tok)] = tok.claims(t)
		}
		guard, err := policy.Guard(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, grpc := range append(slices.Clone(c.grpc), "evil.E", "evil.F", "acme.Common", "other.Api", "grpc.health.v1.Health", "grpc.reflection.v1.ServerReflection") {
			for _, method := range []string{"Get", "Put", "Dump", "Ping", "Version", "ServerReflectionInfo"} {
				full := "/" + grpc + "/" + method
				rule := guard.Rule(full)
				all[name+full] = "no rule"
				if rule == nil {
					continue
				}
				all[name+full] = fmt.Sprint("public ", rule.Public(), ", optional ", rule.Optional(), ", mode ", rule.Mode(nil, time.Now()))
				for what, claims := range tokens {
					all[name+full+what] = verdict(rule.Judge(claims, access.Presentation{Time: time.Now()}))
				}
			}
		}
	}
	return all
}

func (c *company) tokens(service string) []token {
	var all []token
	for i := range c.issuers {
		for _, id := range []string{c.ids[0], c.ids[1], "evil-id"} {
			all = append(all, token{fmt.Sprintf("https://i%d.example.com", i), id, "read write", []string{service, service + "-aud"}})
		}
	}
	return append(all, token{"https://evil.example", c.ids[0], "read", []string{service}}, token{"https://i0.example.com", c.ids[0], "read", []string{"evil"}})
}

func verdict(err error) string {
	refusal, ok := errors.AsType[*audience.Refusal](err)
	switch {
	case err == nil:
		return "admitted"
	case ok:
		return string(refusal.Cause)
	default:
		return err.Error()
	}
}

// known returns what clients know of the services: where tokens are asked for and
// sent, by which credentials.
func (c *company) known(t *testing.T, policy *access.Policy) map[string]string {
	t.Helper()
	all := map[string]string{}
	for _, client := range c.clients {
		credentials, issuer, err := policy.Client(client)
		all[client] = fmt.Sprintf("%+v at %+v, %v", credentials, issuer, err)
		for _, service := range append(slices.Clone(c.services), "api") {
			target, err := policy.Target(client, service)
			all[client+" to "+service] = fmt.Sprintf("%+v, %v", target, err)
		}
	}
	return all
}

// TestSplitIsTheWhole shows that a matrix has the same meaning in one file and in
// several, however it is split.
func TestSplitIsTheWhole(t *testing.T) {
	for seed := range uint64(20) {
		c := newCompany(seed)
		split, err := policyfile.Load(c.write(t, t.TempDir(), hostile))
		if err != nil {
			t.Fatalf("seed %d: %v", seed, err)
		}
		whole, err := policyfile.Parse("access.yaml", []byte(c.whole()))
		if err != nil {
			t.Fatalf("seed %d: %v", seed, err)
		}
		if diff := cmp.Diff(c.verdicts(t, whole), c.verdicts(t, split)); diff != "" {
			t.Errorf("seed %d (-whole +split):\n%s", seed, diff)
		}
	}
}

// TestNoFileWidensAnother shows that a team's file, whatever is in it, is either
// refused or does not change the services and clients of others; that its secrets are
// sent only to issuers of the first file and come from its own folder; and that the
// tokens which clients send to its services are accepted by no other service.
func TestNoFileWidensAnother(t *testing.T) {
	refused, loaded := 0, 0
	for seed := range uint64(25) {
		c := newCompany(seed)
		dir := t.TempDir()
		path := c.write(t, dir, hostile)
		before, err := policyfile.Load(path)
		if err != nil {
			t.Fatalf("seed %d: %v", seed, err)
		}
		verdicts, known := c.verdicts(t, before), c.known(t, before)
		for range 8 {
			c.attack()
			c.write(t, dir, hostile+1)
			after, err := policyfile.Load(path)
			if err != nil {
				refused++
				continue
			}
			loaded++
			text, _ := os.ReadFile(filepath.Join(dir, splitNames[hostile]))
			if diff := cmp.Diff(verdicts, c.verdicts(t, after)); diff != "" {
				t.Errorf("seed %d: verdicts (-before +after)\n%s\nby\n%s", seed, diff, text)
			}
			if diff := cmp.Diff(known, c.known(t, after)); diff != "" {
				t.Errorf("seed %d: clients (-before +after)\n%s\nby\n%s", seed, diff, text)
			}
			c.secrets(t, before, after, filepath.Join(dir, filepath.Dir(splitNames[hostile])), text)
			c.spends(t, after, text)
		}
	}
	if t.Logf("%d refused, %d loaded", refused, loaded); refused < 80 || loaded < 40 {
		t.Errorf("%d refused and %d loaded: the test shows nothing", refused, loaded)
	}
}

// secrets checks whom the clients of the hostile file show which secrets.
func (c *company) secrets(t *testing.T, before, after *access.Policy, folder string, text []byte) {
	t.Helper()
	if diff := cmp.Diff(before.Matrix().Issuers, after.Matrix().Issuers); diff != "" {
		t.Errorf("issuers (-before +after)\n%s\nby\n%s", diff, text)
	}
	for name, client := range after.Matrix().Clients {
		if slices.Contains(c.clients, name) {
			continue
		}
		paths := append(slices.Collect(maps.Values(client.TokenFiles)), client.Secret.File, client.PrivateKey.File, client.Assertion, client.Certificate.File, client.Certificate.KeyFile)
		for _, path := range paths {
			if path != "" && !strings.HasPrefix(path, folder+string(filepath.Separator)) || client.Secret.Env+client.PrivateKey.Env != "" {
				t.Errorf("client %s shows %+v by\n%s", name, client, text)
			}
		}
	}
}

// spends checks that no token which a client sends to what is in the hostile file
// is good at a service of another. An issuer of the worst kind puts into aud what a
// scope names.
func (c *company) spends(t *testing.T, policy *access.Policy, text []byte) {
	t.Helper()
	m := policy.Matrix()
	for _, callee := range slices.Concat(slices.Collect(maps.Keys(m.Services)), slices.Collect(maps.Keys(m.External))) {
		if slices.Contains(c.services, callee) || callee == "api" {
			continue
		}
		for _, client := range c.clients {
			target, err := policy.Target(client, callee)
			if err != nil {
				continue
			}
			who, issuer, _ := policy.Client(client)
			tok := token{issuer.URL, who.ID, "read write", []string{target.Audience}}
			for _, scope := range target.Scopes {
				name, _, _ := strings.Cut(scope, "/")
				tok.audience = append(tok.audience, strings.TrimPrefix(name, "x:"))
			}
			for _, name := range c.services {
				guard, err := policy.Guard(name)
				if err != nil {
					t.Fatal(err)
				}
				rule := guard.Rule("/acme.S" + name[1:] + "/Get")
				if rule != nil && !rule.Public() && rule.Judge(tok.claims(t), access.Presentation{Time: time.Now()}) == nil {
					t.Errorf("%s sends %s a token that is good at %s: %+v, by\n%s", client, callee, name, tok, text)
				}
			}
		}
	}
}
