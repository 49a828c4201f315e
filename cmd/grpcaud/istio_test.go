package main_test

import (
	"errors"
	"io"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"

	"github.com/grpcaud/grpcaud/testutil"
)

// policy is the content of an AuthorizationPolicy.
type policy struct {
	Kind string
	Spec struct {
		Selector struct {
			MatchLabels map[string]string `yaml:"matchLabels"`
		}
		Action string
		Rules  []struct {
			To []struct {
				Operation struct {
					Paths    []string
					NotPaths []string `yaml:"notPaths"`
				}
			}
			When []struct {
				Key       string
				Values    []string
				NotValues []string `yaml:"notValues"`
			}
		}
	}
}

// mesh evaluates policies as the documentation of Istio describes.
type mesh []policy

func exportedMesh(t *testing.T, matrix string) mesh {
	t.Helper()
	r := run(t, "", "export", matrix, "--to", "istio")
	r.want(t, 0)
	var all mesh
	for decoder := yaml.NewDecoder(strings.NewReader(r.stdout)); ; {
		var p policy
		if err := decoder.Decode(&p); errors.Is(err, io.EOF) {
			return all
		} else if err != nil {
			t.Fatal(err)
		}
		all = append(all, p)
	}
}

// admits reports whether a call of a service with a token of these claims is admitted.
func (m mesh) admits(service, path string, claims testutil.Claims) bool {
	verdict := map[string]bool{}
	for _, p := range m {
		if p.Kind == "AuthorizationPolicy" && p.Spec.Selector.MatchLabels["app"] == service && p.matches(path, claims) {
			verdict[p.Spec.Action] = true
		}
	}
	return verdict["ALLOW"] && !verdict["DENY"]
}

func (p policy) matches(path string, claims testutil.Claims) bool {
	for _, rule := range p.Spec.Rules {
		matched := len(rule.To) == 0
		for _, to := range rule.To {
			matched = matched || oneLike([]string{path}, to.Operation.Paths) && !oneLike([]string{path}, to.Operation.NotPaths)
		}
		for _, when := range rule.When {
			texts := lookUp(claims, when.Key)
			matched = matched && (len(when.Values) == 0 || oneLike(texts, when.Values)) && !oneLike(texts, when.NotValues)
		}
		if matched {
			return true
		}
	}
	return false
}

// oneLike reports whether a text matches a pattern.
func oneLike(texts, patterns []string) bool {
	return slices.ContainsFunc(texts, func(text string) bool {
		return slices.ContainsFunc(patterns, func(pattern string) bool {
			start, atStart := strings.CutSuffix(pattern, "*")
			end, atEnd := strings.CutPrefix(pattern, "*")
			return text == pattern || atStart && strings.HasPrefix(text, start) || atEnd && strings.HasSuffix(text, end)
		})
	})
}

// lookUp returns the texts of a claim: Istio sees texts and arrays of them, and splits the
// claim scope.
func lookUp(claims testutil.Claims, key string) []string {
	steps := strings.Split(strings.TrimSuffix(strings.TrimPrefix(key, "request.auth.claims["), "]"), "][")
	var value any = map[string]any(claims)
	for _, step := range steps {
		object, _ := value.(map[string]any)
		value = object[step]
	}
	switch v := value.(type) {
	case string:
		if steps[0] == "scope" {
			return strings.Fields(v)
		}
		return []string{v}
	case []string:
		return v
	}
	return nil
}

// TestIstioAgrees compares the exported policies with the engine, for genuine tokens: they are
// never looser, and stricter only where a note says so.
func TestIstioAgrees(t *testing.T) {
	issuer, keys := corp(t)
	base := testutil.Claims{"iss": issuer.URL(), "typ": "Bearer", "aud": "order-status", "azp": "customer-portal", "sub": "alice", "scope": "orders.read"}
	m := exportedMesh(t, company)
	for name, claims := range portals {
		for _, method := range methods {
			agrees(t, name, m, company, method.service, method.path, with(base, claims), token(issuer, claims), keys, nil)
		}
	}
	m = exportedMesh(t, meshedMatrix)
	for name, claims := range ofCorp {
		claims = with(user, claims)
		all := with(testutil.Claims{"iss": issuer.URL(), "typ": "Bearer", "sub": "alice", "scope": "orders.read"}, claims)
		for method, service := range meshed {
			agrees(t, name, m, meshedMatrix, service, "/"+method, all, token(issuer, claims), keys, meshStrict)
		}
	}
}

// meshStrict is what Istio refuses in addition to tooStrict.
var meshStrict = map[string]bool{"for the vault at /acme.Vault/Open": true, "the star at /acme.Invoices/List": true, "the vault's own at /acme.Vault/Open": true}

// istioAdmits are tokens that Istio admits and the engine refuses, as the notes and the comments
// in the export say: Istio does not see claims that are objects, and does not compare two
// claims.
var istioAdmits = map[string]bool{"a logout token": true, "the role, of two clients": true}

func agrees(t *testing.T, name string, m mesh, matrix, service, path string, claims testutil.Claims, token, keys string, strict map[string]bool) {
	t.Helper()
	verdict := run(t, token, "explain", matrix, "--service", service, "--method", path, "--jwks", keys)
	cell := name + " at " + path
	known := strict[cell] || tooStrict[strings.Replace(cell, " at /", " at ", 1)]
	switch admitted := m.admits(service, path, claims); {
	case verdict.code > 1:
		t.Fatal(verdict.stderr)
	case admitted && verdict.code == 1 && !istioAdmits[name]:
		t.Errorf("%s: Istio admits, the engine\n%s", cell, verdict.stdout)
	case !admitted && verdict.code == 0 && !known:
		t.Errorf("%s: Istio refuses, the engine\n%s", cell, verdict.stdout)
	}
}
