package interceptor_test

import (
	"context"
	"go/ast"
	"go/parser"
	gotoken "go/token"
	"maps"
	"net/http"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"

	"github.com/grpcaud/grpcaud/audience/access"
	"github.com/grpcaud/grpcaud/interceptor"
	ordersv1 "github.com/grpcaud/grpcaud/proto/acme/orders/v1"
	"github.com/grpcaud/grpcaud/testutil"
)

// foreign are names by which proxies, products and gateways tell a service who
// calls, as they write them.
var foreign = []string{
	"x-forwarded-user", "x-forwarded-preferred-username", "x-forwarded-access-token", "x-forwarded-id-token", "x-forwarded-email",
	"x-forwarded-groups", "x-forwarded-roles", "x-forwarded-client-cert", "x-forwarded-tls-client-cert", "x-forwarded-authorization",
	"x-auth-request-user", "x-auth-request-access-token", "x-auth-token", "x-auth-username", "x-authenticated-user",
	"x-goog-iap-jwt-assertion", "x-goog-authenticated-user-email", "x-endpoint-api-userinfo", "x-apigateway-api-userinfo", "x-serverless-authorization",
	"x-amzn-oidc-identity", "x-amzn-oidc-data", "x-amzn-oidc-accesstoken", "x-amzn-mtls-clientcert-leaf", "x-amz-security-token",
	"x-ms-client-principal", "x-ms-client-principal-name", "x-ms-token-aad-id-token", "x-arr-clientcert",
	"cf-access-jwt-assertion", "cf-access-authenticated-user-email", "cf-client-cert-sha256",
	"x-consumer-username", "x-consumer-id", "x-consumer-custom-id", "x-credential-identifier", "x-anonymous-consumer", "x-authenticated-userid", "x-authenticated-scope",
	"x-pomerium-jwt-assertion", "x-pomerium-claim-email", "tailscale-user-login", "teleport-jwt-assertion",
	"x-remote-user", "x-remote-group", "x-remote-extra-scopes", "remote-user", "remote-groups", "remote-email", "x-webauth-user", "x-authentik-username", "x-vouch-user",
	"x-jwt-payload", "x-jwt-assertion", "x-jwt-claim-sub", "x-client-cert", "x-ssl-client-cert", "x-ssl-client-s-dn", "ssl-client-cert", "ssl-client-verify", "client-cert", "client-cert-chain",
	"x-spiffe-id", "l5d-client-id", "x-user", "x-user-id", "x-userid", "x-username", "x-userinfo", "x-email", "x-groups", "x-roles", "x-tenant-id",
	"cookie", "x-api-key", "x-access-token", "x-id-token", "dpop", "txn-token", "authentication", "proxy-authenticate",
	"x-original-authorization", "proxy-authorization", "impersonate-user", "oidc_claim_sub", "x_user", "grpcaud-caller",
	"x-appengine-user-email", "x-appengine-inbound-appid", "x-grafana-id", "x-cognito-sub", "x-saml-nameid", "x-sso-user", "x-ldap-user", "x-openid-sub",
	"x-account-id", "x-login", "x-uid",

	// ESPv2, IAP, ALB, App Service, Cloudflare Access, oauth2-proxy, Kong, Pomerium, Tailscale, grpc-gateway
	"x-endpoint-api-project-id", "x-endpoint-api-consumer-type", "x-goog-authenticated-user-id",
	"x-ms-client-principal-id", "x-ms-client-principal-idp", "x-ms-token-aad-access-token", "x-ms-token-aad-refresh-token", "x-ms-token-google-id-token",
	"cf-access-token", "cf-access-client-id", "cf-access-client-secret",
	"x-auth-request-email", "x-auth-request-groups", "x-auth-request-preferred-username", "x-auth-request-id-token",
	"x-consumer-groups", "x-consumer-tags", "x-credential-username", "x-refresh-token",
	"x-pomerium-authorization", "x-pomerium-claim-groups", "tailscale-user-name", "tailscale-user-profile-pic", "tailscale-app-capabilities",
	"grpcgateway-authorization", "grpcgateway-cookie", "grpcgateway-x-goog-iap-jwt-assertion",
}

// enforcement are the ways in which a call with this token can be let in.
var enforcement = map[string]func(*access.Matrix){
	"admitted": func(*access.Matrix) {},
	"public":   func(m *access.Matrix) { public(m, "acme.orders.v1.OrderStatus") },
	"observed": func(m *access.Matrix) { notEnforced(m, access.Observe) },
	"warned":   func(m *access.Matrix) { notEnforced(m, access.Warn) },
}

// notEnforced has the rules refuse good tokens, later.
func notEnforced(m *access.Matrix, mode access.Mode) {
	s := m.Services["order-status"]
	s.Audiences, s.Rollout = []string{"orders-v2"}, []access.Rollout{{Mode: mode, Until: time.Now().Add(time.Hour)}}
	m.Services["order-status"] = s
}

// twins returns the forms in which gateways and binary values have a name.
func twins(name string) []string {
	return []string{name, name + "-bin", "grpc-metadata-" + name, "grpcgateway-" + name, "grpcgateway-" + name + "-bin", strings.ReplaceAll(name, "-", "_")}
}

// seenBy returns the metadata that a handler sees of a call of each shape.
func seenBy(t *testing.T, change func(*access.Matrix), sent func(token string) metadata.MD, opts ...interceptor.ServerOption) map[string]metadata.MD {
	t.Helper()
	issuer, seen := newIssuer(), map[string]metadata.MD{}
	var now metadata.MD
	handler := &orders{anyCaller: true, inHandler: func(ctx context.Context) error {
		now, _ = metadata.FromIncomingContext(ctx)
		return nil
	}}
	server := serverOf(t, issuer, company(t, change), opts...)
	conn := testutil.Serve(t, server.Options(), func(s *grpc.Server) { ordersv1.RegisterOrderStatusServer(s, handler) })
	for shape, call := range shapes {
		token := issuer.Mint(good(nil))
		md := sent(token)
		md.Append("authorization", "Bearer "+token)
		if err := call(metadata.NewOutgoingContext(t.Context(), md), conn); err != nil {
			t.Fatalf("%s: %v", shape, err)
		}
		seen[shape] = now
	}
	return seen
}

// TestIdentitiesOfOthersAreHidden shows that handlers see no credentials, and
// nothing that somebody else wrote about who calls, in whatever form it comes.
func TestIdentitiesOfOthersAreHidden(t *testing.T) {
	var names []string
	for _, name := range append(foreign, "authorization") {
		names = append(names, twins(name)...)
	}
	patterns, _ := interceptor.HiddenMetadata()
	for _, pattern := range patterns {
		names = append(names, twins(strings.Replace(pattern, "*", "something", 1))...)
	}
	sent := func(string) metadata.MD {
		md := metadata.MD{}
		for _, name := range names {
			if name != "authorization" {
				md.Set(name, "admin")
			}
		}
		return md
	}
	for kind, change := range enforcement {
		for shape, seen := range seenBy(t, change, sent) {
			for _, name := range names {
				if seen.Get(name) != nil {
					t.Errorf("%s, %s: handlers see %s", kind, shape, name)
				}
			}
		}
	}
}

// TestCaseOfMetadataMakesNoDifference shows the same of names that an interceptor
// before the guard has written in upper case, which gRPC itself never does.
func TestCaseOfMetadataMakesNoDifference(t *testing.T) {
	issuer := newIssuer()
	server := serverOf(t, issuer, company(t))
	ctx := incoming(t.Context(), "Bearer "+issuer.Mint(good(nil)))
	md, _ := metadata.FromIncomingContext(ctx)
	for _, name := range foreign {
		md[strings.ToUpper(name)] = []string{"admin"}
		md[http.CanonicalHeaderKey("grpcgateway-"+name)] = []string{"admin"}
	}
	md["X-Request-ID"] = []string{"1"}
	ctx, err := interceptor.Decide(server, metadata.NewIncomingContext(ctx, md), ordersv1.OrderStatus_GetOrderStatus_FullMethodName)
	if err != nil {
		t.Fatal(err)
	}
	seen, _ := metadata.FromIncomingContext(ctx)
	if len(seen) != 1 || len(seen.Get("x-request-id")) != 1 {
		t.Errorf("handlers see %q, want x-request-id alone", slices.Sorted(maps.Keys(seen)))
	}
}

// TestOtherMetadataPasses shows that nothing is hidden which says nothing about
// who calls, though its name begins like others.
func TestOtherMetadataPasses(t *testing.T) {
	_, passing := interceptor.HiddenMetadata()
	names := append([]string{"x-request-id", "traceparent", "tracestate", "user-agent", "content-type", "x-b3-traceid", "x-tenant-name", "x-envoy-attempt-count", "grpcgateway-accept", "x-forwarded-for-bin"}, passing...)
	sent := func(string) metadata.MD {
		md := metadata.MD{}
		for _, name := range names {
			md.Set(name, "1")
		}
		return md
	}
	for kind, change := range enforcement {
		for shape, seen := range seenBy(t, change, sent) {
			for _, name := range names {
				if seen.Get(name) == nil {
					t.Errorf("%s, %s: handlers do not see %s", kind, shape, name)
				}
			}
		}
	}
}

// TestTokenIsHiddenUnderAnyName shows that a copy of the token is hidden under a name
// that is in no list, and under one that is kept.
func TestTokenIsHiddenUnderAnyName(t *testing.T) {
	sent := func(token string) metadata.MD {
		return metadata.Pairs("x-copy", token, "x-copies", "first, Bearer "+token, "x-copy-bin", token, "x-access-token", token, "x-plain", "1")
	}
	for kind, change := range enforcement {
		for shape, seen := range seenBy(t, change, sent, interceptor.KeepMetadata("x-access-token")) {
			for _, name := range []string{"x-copy", "x-copies", "x-copy-bin", "x-access-token"} {
				if seen.Get(name) != nil {
					t.Errorf("%s, %s: handlers see the token in %s", kind, shape, name)
				}
			}
			if seen.Get("x-plain") == nil {
				t.Errorf("%s, %s: handlers do not see x-plain", kind, shape)
			}
		}
	}
}

// TestShortCredentialsHideNothing shows that a peer cannot hide other metadata from
// the handler of a public method by credentials that are part of many values.
func TestShortCredentialsHideNothing(t *testing.T) {
	issuer := newIssuer()
	server := serverOf(t, issuer, company(t, enforcement["public"]))
	for _, value := range []string{"Bearer 1", "Bearer ", "1", ""} {
		md, _ := metadata.FromIncomingContext(incoming(t.Context(), value))
		md.Set("x-forwarded-for", "192.0.2.1")
		ctx, err := interceptor.Decide(server, metadata.NewIncomingContext(incoming(t.Context(), value), md), ordersv1.OrderStatus_GetOrderStatus_FullMethodName)
		if err != nil {
			t.Fatal(err)
		}
		if seen := metadata.ValueFromIncomingContext(ctx, "x-forwarded-for"); seen == nil {
			t.Errorf("authorization %q hides x-forwarded-for", value)
		}
	}
}

// TestKeepMetadata shows that a kept name passes, and that its other spellings and
// similar names do not.
func TestKeepMetadata(t *testing.T) {
	kept := []string{"x-api-key", "cookie", "x-forwarded-user"}
	sent := func(string) metadata.MD {
		md := metadata.Pairs("x-forwarded-email", "a@b")
		for _, name := range kept {
			for _, twin := range twins(name) {
				md.Set(twin, "1")
			}
		}
		return md
	}
	want := append([]string{}, kept...)
	slices.Sort(want)
	for shape, seen := range seenBy(t, func(*access.Matrix) {}, sent, interceptor.KeepMetadata(kept...)) {
		got := slices.DeleteFunc(slices.Sorted(maps.Keys(seen)), func(name string) bool {
			return !strings.Contains(name, "cookie") && !strings.Contains(name, "api") && !strings.Contains(name, "forwarded")
		})
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: handlers see (-want +got):\n%s", shape, diff)
		}
	}
}

// TestKeepMetadataRefused shows that no option shows the token to handlers, and that
// contradictory options are an error.
func TestKeepMetadataRefused(t *testing.T) {
	for name, want := range map[string]string{
		"authorization": "never see", "authorization-bin": "never see", "proxy-authorization": "never see",
		"grpcgateway-authorization": "never see", "grpcgateway-proxy-authorization": "never see", "x-original-authorization": "never see",
		"proxy_authorization": "never see", "grpcaud-caller": "never see",
		"": "want one name", "*": "want one name", "x-user*": "want one name", "X-User": "want one name",
		"x-tenant": "take it out of one", "x-corp-role": "take it out of one",
	} {
		for _, opts := range [][]interceptor.ServerOption{
			{interceptor.StripMetadata("x-tenant", "x-corp-*"), interceptor.KeepMetadata(name)},
			{interceptor.KeepMetadata("x-api-key", name), interceptor.StripMetadata("x-tenant", "x-corp-*")},
		} {
			_, err := interceptor.NewServer(company(t), interceptor.Services("order-status"), opts...)
			if err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("KeepMetadata(%q) = %v, want %q", name, err, want)
			}
		}
	}
}

// TestHiddenMetadataIsDocumented shows that the page about it and the comment of
// the option list what the code has.
func TestHiddenMetadataIsDocumented(t *testing.T) {
	hidden, passing := interceptor.HiddenMetadata()
	page, err := os.ReadFile("../docs/metadata.md")
	if err != nil {
		t.Fatal(err)
	}
	name := regexp.MustCompile("`([^`]+)`")
	for marker, want := range map[string][]string{"<!-- hidden -->": hidden, "<!-- passing -->": passing} {
		_, part, _ := strings.Cut(string(page), marker)
		part, _, _ = strings.Cut(part, "<!-- end -->")
		var got []string
		for _, found := range name.FindAllStringSubmatch(part, -1) {
			got = append(got, found[1])
		}
		sameNames(t, "docs/metadata.md, "+marker, got, want)
	}
	comment := commentOf(t, "server_metadata_option.go", "StripMetadata")
	var groups [][]string
	for _, found := range regexp.MustCompile(`(?m)^(?: {4,}|\t)(\S.*)$|^$`).FindAllStringSubmatch(comment, -1) {
		if found[1] == "" {
			groups = append(groups, nil)
		} else if len(groups) > 0 {
			at := len(groups) - 1
			groups[at] = append(groups[at], strings.FieldsFunc(found[1], func(r rune) bool { return r == ',' || r == ' ' })...)
		}
	}
	groups = slices.DeleteFunc(groups, func(g []string) bool { return len(g) == 0 })
	if len(groups) != 2 {
		t.Fatalf("the comment of StripMetadata has %d lists, want 2: %q", len(groups), groups)
	}
	sameNames(t, "the comment of StripMetadata, hidden", groups[0], hidden)
	sameNames(t, "the comment of StripMetadata, passing", groups[1], passing)
}

func sameNames(t *testing.T, what string, got, want []string) {
	t.Helper()
	if diff := cmp.Diff(slices.Sorted(slices.Values(want)), slices.Sorted(slices.Values(got))); diff != "" {
		t.Errorf("%s (-want +got):\n%s", what, diff)
	}
}

// commentOf returns the comment of a function.
func commentOf(t *testing.T, file, function string) string {
	t.Helper()
	parsed, err := parser.ParseFile(gotoken.NewFileSet(), file, nil, parser.ParseComments)
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range parsed.Decls {
		if f, ok := d.(*ast.FuncDecl); ok && f.Name.Name == function {
			return f.Doc.Text()
		}
	}
	t.Fatalf("%s has no function %s", file, function)
	return ""
}
