package access_test

import (
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/grpcaud/grpcaud/audience/access"
)

// explained gives every part of a matrix a purpose.
func explained(m access.Matrix, p access.Purpose) access.Matrix {
	services, clients, external := map[string]access.Service{}, map[string]access.Client{}, map[string]access.External{}
	for name, s := range m.Services {
		s.Purpose = p
		s.Allow = append([]access.Allow(nil), s.Allow...)
		for i := range s.Allow {
			s.Allow[i].Purpose = p
		}
		services[name] = s
	}
	for name, c := range m.Clients {
		c.Purpose = p
		clients[name] = c
	}
	for name, e := range m.External {
		e.Purpose = p
		external[name] = e
	}
	m.Services, m.Clients, m.External = services, clients, external
	return m
}

// shopMatrix has something of each kind that can have a purpose.
func shopMatrix() access.Matrix {
	return access.Matrix{
		Issuers: map[string]access.Issuer{"corp": {URL: corp, Preset: "keycloak"}},
		Services: map[string]access.Service{"order-status": {GRPC: []string{"acme.Orders"}, Allow: []access.Allow{
			{Clients: []string{"customer-portal"}, Methods: []string{"Get"}, Scopes: []string{"orders.read"}},
			{Clients: []string{"batch"}, Methods: []string{"*"}, NoScopes: true, Callers: access.ServicesOnly},
		}}},
		Clients:  map[string]access.Client{"customer-portal": {}, "batch": {}},
		External: map[string]access.External{"parcels": {Clients: []string{"batch"}}},
	}
}

// TestPurposeChangesNoVerdict compares the verdicts on many tokens with those of the same
// matrix, in which everything has a purpose and is overdue.
func TestPurposeChangesNoVerdict(t *testing.T) {
	bare := policyOf(t, shopMatrix())
	full := policyOf(t, explained(shopMatrix(), access.Purpose{Why: "any", Owner: "batch", ReviewBy: time.Unix(1, 0)}))
	verdicts := map[string]bool{}
	for _, changes := range []members{
		{},
		{"scope": nil},
		{"azp": "batch"},
		{"azp": "batch", "preferred_username": "service-account-batch"},
		{"azp": "any"},
		{"azp": nil},
		{"aud": "parcels"},
		{"aud": nil},
		{"exp": 1},
		{"iss": partner},
		{"sub": "batch"},
		{"scope": "orders.read any"},
	} {
		c, err := read(t, "keycloak", token(changes))
		if err != nil {
			continue
		}
		for _, method := range []string{"/acme.Orders/Get", "/acme.Orders/Put", "/acme.Other/Get"} {
			one, other := guardOf(t, bare).Rule(method), guardOf(t, full).Rule(method)
			if (one == nil) != (other == nil) {
				t.Fatalf("%s has a rule only with or without purposes", method)
			}
			if one == nil {
				continue
			}
			a, b := one.Explain(c, access.Presentation{Time: now}), other.Explain(c, access.Presentation{Time: now})
			b.Purpose = access.Purpose{}
			if !reflect.DeepEqual(a, b) || !reflect.DeepEqual(one.Judge(c, access.Presentation{Time: now}), other.Judge(c, access.Presentation{Time: now})) || one.Mode(c, now) != other.Mode(c, now) {
				t.Errorf("%v at %s:\nwithout: %+v\nwith:    %+v", changes, method, a, b)
			}
			verdicts[string(a.Verdict)] = true
		}
	}
	if len(verdicts) < 5 || !verdicts[""] {
		t.Errorf("verdicts %v, want several and an admitted one", verdicts)
	}
}

func policyOf(t *testing.T, m access.Matrix) *access.Policy {
	t.Helper()
	policy, err := access.New(m)
	if err != nil {
		t.Fatal(err)
	}
	return policy
}

func guardOf(t *testing.T, p *access.Policy) *access.Guard {
	t.Helper()
	guard, err := p.Guard("order-status")
	if err != nil {
		t.Fatal(err)
	}
	return guard
}

// TestPurposeIsOneLineOfText shows that a text that a page or a terminal could take for
// something else, or that is too long, is a mistake, wherever it stands.
func TestPurposeIsOneLineOfText(t *testing.T) {
	for text, want := range map[string]string{
		"a\x1b[2Jb":              "U+001B",
		"a\nb":                   "U+000A",
		"a\u202eb":               "U+202E",
		"a\u009bb":               "U+009B",
		"a\xffb":                 "U+FFFD",
		" a":                     "white space",
		"  ":                     "white space",
		strings.Repeat("ä", 501): "at most 500",
	} {
		_, err := access.New(explained(shopMatrix(), access.Purpose{Why: text}))
		if err == nil || strings.Count(err.Error(), ".why: ") != 6 || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want 6 mistakes with %q", text, err, want)
		}
	}
	if _, err := access.New(explained(shopMatrix(), access.Purpose{Owner: strings.Repeat("x", 101)})); err == nil || !strings.Contains(err.Error(), "at most 100") {
		t.Errorf("a long owner: %v", err)
	}
	for _, text := range []string{strings.Repeat("ä", 500), `<script> & "quotes" 'n' \ | # : {} 注文 😀`} {
		if _, err := access.New(explained(shopMatrix(), access.Purpose{Why: text})); err != nil {
			t.Errorf("%q: %v", text, err)
		}
	}
}

// TestReviewIsOverdueAfterItsDay shows which reviews are overdue, and when.
func TestReviewIsOverdueAfterItsDay(t *testing.T) {
	by := time.Date(2027, 7, 1, 0, 0, 0, 0, time.UTC) // the end of June 30
	m := explained(shopMatrix(), access.Purpose{ReviewBy: by})
	s := m.Services["order-status"]
	s.Owner = "team-orders"
	m.Services["order-status"] = s
	p := policyOf(t, m)
	if found := p.Overdue(by.Add(-1)); len(found) != 0 {
		t.Errorf("overdue on the last day: %v", found)
	}
	found := p.Overdue(by)
	if len(found) != 6 || found[0].Severity != access.Warning {
		t.Fatalf("overdue: %v, want 6 warnings", found)
	}
	const want = "services.order-status.allow[0].review_by: a review was due by 2027-06-30: decide with team-orders whether this is still needed"
	if !strings.HasPrefix(found[1].Error(), want) {
		t.Errorf("got %q, want %q…", found[1], want)
	}
	for _, w := range p.Warnings() {
		if strings.Contains(w.Text, "review") {
			t.Errorf("warning %v: a server would log it with every reload", w)
		}
	}
	guard := guardOf(t, p)
	if texts, next := guard.Overdue(by.Add(-1)); len(texts) != 0 || !next.Equal(by) {
		t.Errorf("a guard: %v, next %v", texts, next)
	}
	if texts, next := guard.Overdue(by); len(texts) != 3 || !next.IsZero() {
		t.Errorf("a guard: %v, next %v, want those of its service", texts, next)
	}
}
