package interceptor_test

import (
	"context"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/grpcaud/grpcaud/audience/access"
	"github.com/grpcaud/grpcaud/interceptor"
	"github.com/grpcaud/grpcaud/testutil"
)

const loginURL = "https://login.example.com/"

// newTenant returns the issuer of one tenant, whose key has the name that those of the
// others have.
func newTenant(tenant string) *testutil.Issuer {
	issuer := testutil.NewIssuer(loginURL + tenant + "/v2.0")
	issuer.Use(testutil.NewKey("ES256").As("1", "ES256"))
	issuer.Retire()
	issuer.Register(testutil.Client{ID: "customer-portal", Secret: "customer-secret", Audiences: []string{"order-status"}, Scopes: map[string][]string{"order-status": {"orders.read"}}})
	return issuer
}

// ofTenants has the company's issuer have the tenants t1 and t2. The portal is a client
// of both, the other client of t1 alone.
func ofTenants(m *access.Matrix) {
	m.Issuers["corp"] = access.Issuer{URL: loginURL + "{tenant}/v2.0", Tenants: []string{"t1", "t2"}}
	delete(m.Services, "human-resource")
	orders := m.Services["order-status"]
	orders.Self = false
	m.Services["order-status"] = orders
	m.Clients["backoffice-portal"] = access.Client{Issuer: "corp/t1"}
}

// TestTenantsOfAnIssuer shows that the tokens of listed tenants are accepted, each by
// the keys of its own metadata, and that a client is one of its own tenant.
func TestTenantsOfAnIssuer(t *testing.T) {
	t1, t2, t3 := newTenant("t1"), newTenant("t2"), newTenant("t3")
	template := testutil.Claims{"iss": loginURL + "{tenant}/v2.0"}
	batch := testutil.Claims{"client_id": "backoffice-portal", "sub": "backoffice-portal"}
	for name, row := range map[string]struct {
		token string
		want  ruling
	}{
		"the first":               {t1.Mint(good(nil)), admitted},
		"the second":              {t2.Mint(good(nil)), admitted},
		"one that is not listed":  {t3.Mint(good(nil)), issuerUnknown},
		"the template":            {t1.Mint(good(template)), issuerUnknown},
		"by the keys of another":  {t1.Mint(good(testutil.Claims{"iss": t2.URL()})), signatureInvalid},
		"client of the first":     {t1.Mint(good(batch)), admitted},
		"that client at another":  {t2.Mint(good(batch)), clientNotAllowed},
		"tid of a listed tenant":  {t3.Mint(good(testutil.Claims{"tid": "t1"})), issuerUnknown},
		"a slash behind":          {t1.Mint(good(testutil.Claims{"iss": t1.URL() + "/"})), issuerUnknown},
		"a tenant in other case":  {t1.Mint(good(testutil.Claims{"iss": loginURL + "T1/v2.0"})), issuerUnknown},
		"a tenant with more path": {t1.Mint(good(testutil.Claims{"iss": loginURL + "t1/x/v2.0"})), issuerUnknown},
	} {
		server := serverOf(t, t1, company(t, ofTenants), interceptor.Transport(t1.Transport(t2, t3)))
		conn := connectTo(t, server)
		for shape, call := range shapes {
			t.Run(name+"/"+shape, func(t *testing.T) {
				ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
				defer cancel()
				if got := verdictOf(call(bearing(ctx, "Bearer "+row.token), conn)); got != row.want.verdict {
					t.Errorf("got %v, want %v", got, row.want.verdict)
				}
			})
		}
	}
}

// TestMetadataOfATenant shows that a tenant's metadata must be of that tenant.
func TestMetadataOfATenant(t *testing.T) {
	for name, issuer := range map[string]string{"the template": loginURL + "{tenant}/v2.0", "another": loginURL + "t2/v2.0"} {
		for shape, call := range shapes {
			synctest.Test(t, func(t *testing.T) {
				t1, t2 := newTenant("t1"), newTenant("t2")
				t1.Fault(testutil.Discovery, published(issuer, t1.URL()+"/jwks"))
				conn := connectTo(t, serverOf(t, t1, company(t, ofTenants), interceptor.Transport(t1.Transport(t2))))
				ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
				defer cancel()
				if got := verdictOf(call(bearing(ctx, "Bearer "+t1.Mint(good(nil))), conn)); got != keysUnavailable.verdict {
					t.Errorf("%s, %s: got %v, want %v", name, shape, got, keysUnavailable.verdict)
				}
				if err := call(bearing(ctx, "Bearer "+t2.Mint(good(nil))), conn); err != nil {
					t.Errorf("%s, %s: the other tenant: %v", name, shape, err)
				}
			})
		}
	}
}

// TestClientOfATenant shows that a process calls as the client of one tenant.
func TestClientOfATenant(t *testing.T) {
	t1, t2 := newTenant("t1"), newTenant("t2")
	policy := company(t, withSecrets(t), func(m *access.Matrix) {
		m.Services["human-resource"] = m.Services["order-status"]
		ofTenants(m)
	})
	server := serverOf(t, t1, policy, interceptor.Transport(t1.Transport(t2)))
	for shape, call := range shapes {
		client := newClient(t, t1, policy, "customer-portal/t2", interceptor.Transport(t1.Transport(t2)))
		conn := connectTo(t, server, client.DialOptions("order-status")...)
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		if err := call(ctx, conn); err != nil {
			t.Errorf("%s: %v", shape, err)
		}
	}
	if t1.Requests(testutil.Token) != 0 || t2.Requests(testutil.Token) == 0 {
		t.Errorf("%d requests to the other tenant, %d to its own", t1.Requests(testutil.Token), t2.Requests(testutil.Token))
	}
	if _, err := interceptor.NewClient(policy, "customer-portal"); err == nil || !strings.Contains(err.Error(), `"customer-portal/t1", "customer-portal/t2"`) && !strings.Contains(err.Error(), `"customer-portal/t1" "customer-portal/t2"`) {
		t.Errorf("NewClient of no tenant: %v, want the names", err)
	}
}
