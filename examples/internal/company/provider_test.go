package company_test

import (
	"strings"
	"testing"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/grpcaud/grpcaud/audience"
	"github.com/grpcaud/grpcaud/audience/policyfile"
	"github.com/grpcaud/grpcaud/examples/internal/company"
	ordersv1 "github.com/grpcaud/grpcaud/proto/acme/orders/v1"
	"github.com/grpcaud/grpcaud/testutil"
)

// TestProviderTakesThePlaceOfTheIssuer shows that a company with another authorization server
// admits its tokens, with its audiences, and knows users by the claim that Login reads.
func TestProviderTakesThePlaceOfTheIssuer(t *testing.T) {
	idp := testutil.NewIssuer("https://login.example.com")
	for _, variable := range []string{"CUSTOMER_PORTAL_SECRET", "BACKOFFICE_PORTAL_SECRET", "ORDER_STATUS_SECRET", "NIGHT_WORKER_SECRET"} {
		t.Setenv(variable, "secret")
	}
	ctx, c := open(t, company.Config{
		Provider: &company.Provider{URL: idp.URL(), Preset: "oidc-provider", Audience: "urn:acme:*", Transport: idp.Transport()},
		Login: func(c audience.Caller) string {
			name, _ := audience.Claim[string](c, "preferred_username")
			return name
		},
	})
	if c.Issuer != nil {
		t.Error("an issuer is embedded beside the provider")
	}
	token := func(aud string) string {
		return idp.Mint(testutil.Claims{"sub": "0815", "preferred_username": "ben", "client_id": company.CustomerPortal, "aud": aud, "scope": "orders.read"})
	}
	list, err := ordersv1.NewOrderStatusClient(bearing(t, c, c.Orders, token("urn:acme:order-status"))).ListOrders(ctx, &ordersv1.ListOrdersRequest{})
	if err != nil || len(list.GetOrders()) != 2 || list.GetOrders()[0].GetCustomer() != "ben" {
		t.Errorf("got %v, %v, want the two orders of ben", list, err)
	}
	_, err = ordersv1.NewOrderStatusClient(bearing(t, c, c.Orders, token("order-status"))).ListOrders(ctx, &ordersv1.ListOrdersRequest{})
	if status.Code(err) != codes.Unauthenticated {
		t.Errorf("a token for another audience: got %v, want %s", err, codes.Unauthenticated)
	}
}

// TestIssuerHasItsName shows that a matrix without the company's issuer is an error, with and
// without a provider.
func TestIssuerHasItsName(t *testing.T) {
	policy, err := policyfile.Parse("access.yaml", []byte(`
version: 1
issuers: {acme: {url: "https://login.example.com"}}
services: {hr: {grpc: [acme.hr.v1.HumanResource], allow: [{clients: [portal], methods: ["*"], scopes: none}]}}
clients: {portal: {}}
`))
	if err != nil {
		t.Fatal(err)
	}
	for _, config := range []company.Config{{}, {IssuerHost: "login.localhost"}, {Provider: &company.Provider{URL: "https://login.example.com"}}} {
		config.Policy = policy
		if _, err := company.Open(config); err == nil || !strings.Contains(err.Error(), `no issuer "corp"`) {
			t.Errorf("%+v: got %v, want an error that names the issuer", config, err)
		}
	}
}

// TestProviderIsChecked shows that a provider that the access matrix cannot have is an error.
func TestProviderIsChecked(t *testing.T) {
	for want, p := range map[string]company.Provider{
		"https": {URL: "ftp://login.example.com"}, "url": {}, "preset": {URL: "https://login.example.com", Preset: "nobody"},
		"insecure": {URL: "http://login.example.com"}, "want a * in it": {URL: "https://login.example.com", Audience: "all"},
	} {
		if _, err := company.Open(company.Config{Provider: &p}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%+v: got %v, want an error with %q", p, err, want)
		}
	}
}
