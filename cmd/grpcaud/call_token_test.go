package main_test

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/pem"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/grpcaud/grpcaud/testutil"
)

// callWith runs call without a client.
func (f *field) callWith(t *testing.T, s *served, args ...string) result {
	t.Helper()
	return f.run(t, "call", append(append([]string{"--for", s.Service, "--addr", s.Addr}, s.flags...), args...)...)
}

// TestCallPresentsTheTokenOfAFile shows that the token in a file arrives as it is,
// whatever it says, and that no other is requested.
func TestCallPresentsTheTokenOfAFile(t *testing.T) {
	f := newField(t)
	s := f.serve(t, "order-status", "--plaintext")
	mint := func(claims testutil.Claims) string {
		all := testutil.Claims{"aud": "order-status", "azp": "customer-portal", "sub": "alice", "scope": "orders.read"}
		for name, value := range claims {
			all[name] = value
		}
		return f.issuer.Mint(all)
	}
	for _, row := range []struct {
		name, token string
		code        int
		want        string
	}{
		{"good", mint(nil), 0, `"bytes": 0`},
		{"with Bearer before it", "Bearer " + mint(nil) + "\n", 0, `"bytes": 0`},
		{"for another service", mint(testutil.Claims{"aud": "human-resource"}), 1, "refused: AUDIENCE_MISMATCH"},
		{"expired", mint(testutil.Claims{"exp": time.Now().Add(-time.Hour).Unix()}), 1, "refused: TOKEN_EXPIRED"},
		{"of a client that the matrix does not let call", mint(testutil.Claims{"azp": "batch"}), 1, "refused: CLIENT_NOT_ALLOWED"},
		{"of another issuer", testutil.NewIssuer("https://evil.example").Mint(testutil.Claims{"aud": "order-status"}), 1, "refused: TOKEN_INVALID"},
		{"opaque", "opaque.token", 1, "refused: TOKEN_INVALID"},
	} {
		before := f.issuer.Requests(testutil.Token)
		for _, args := range [][]string{{"GetOrderStatus"}, {"WatchOrderStatus"}, {"GetOrderStatus", "--as", "order-status"}} {
			f.callWith(t, s, append(args, "--token-file", file(t, "token", row.token))...).want(t, row.code, row.want)
		}
		if after := f.issuer.Requests(testutil.Token); t.Failed() || after != before {
			t.Fatalf("%s: %d tokens were requested", row.name, after-before)
		}
	}
	// The token also arrives at a method that needs none.
	f.callWith(t, s, "grpc.health.v1.Health/Check", "--token-file", file(t, "token", mint(nil))).want(t, 0, "status")
}

// TestAdviceAboutAnotherAudienceOpensNothing shows that a refused token of another service
// is called that, and that only a client which the matrix lets call is advised to get
// another one at the provider.
func TestAdviceAboutAnotherAudienceOpensNothing(t *testing.T) {
	f := newField(t)
	s := f.serve(t, "order-status", "--plaintext")
	const other, advice, opens = `is for another audience: it has aud "human-resource", and order-status wants aud "order-status"`, "in Keycloak, a", "the matrix does not let client "
	place := ` call order-status: see services.order-status.allow (` + f.matrix + ":7)"
	for _, row := range []struct {
		name        string
		claims      testutil.Claims
		want, never string
	}{
		{"a client that may call", testutil.Claims{"aud": "human-resource", "azp": "customer-portal"}, advice, opens},
		{"a client of the matrix without an entry", testutil.Claims{"aud": "human-resource", "azp": "order-status"}, opens + `"order-status"` + place, advice},
		{"a client that the matrix does not know", testutil.Claims{"aud": "human-resource", "azp": "batch"}, opens + `"batch"` + place, advice},
	} {
		token := f.issuer.Mint(row.claims)
		for _, r := range []result{
			f.callWith(t, s, "GetOrderStatus", "--token-file", file(t, "token", token)),
			f.callWith(t, s, "WatchOrderStatus", "--token-file", file(t, "token", token)),
			f.run(t, "explain", "--service", "order-status", "--method", "GetOrderStatus", "--token-file", file(t, "token", token)),
		} {
			r.want(t, 1, "refused: AUDIENCE_MISMATCH", row.want)
			if strings.HasPrefix(r.stdout, "refused: AUDIENCE_MISMATCH\n  method") {
				r.want(t, 1, other)
			}
			if strings.Contains(r.stdout, row.never) {
				t.Errorf("%s: %q in\n%s", row.name, row.never, r.stdout)
			}
		}
	}
	if strings.Contains(s.log.String(), `assign that to client \"batch\"`) || !strings.Contains(s.log.String(), `does not let client \"batch\" call`) {
		t.Errorf("the log advises to open what the matrix forbids:\n%s", s.log)
	}
}

// TestAnywayAdvisesNothingAtTheProvider shows that a client which the matrix does not let
// call is told so, whatever the issuer says, and that mistakes of its credentials are
// still named.
func TestAnywayAdvisesNothingAtTheProvider(t *testing.T) {
	f := newField(t)
	ignores := f.issuer.Alter(testutil.Token, func(answer map[string]any) {
		answer["access_token"] = f.issuer.Mint(testutil.Claims{"aud": "account", "azp": "order-status"})
	})
	forbidden := "fix  the matrix does not let client"
	for _, row := range []struct {
		name, client, service, method string
		answer                        http.Handler
		want                          string
	}{
		{"audience refused", "order-status", "order-status", "GetOrderStatus", nil, forbidden + ` "order-status" call order-status: see services.order-status.allow (` + f.matrix + ":7)"},
		{"audience ignored", "order-status", "order-status", "GetOrderStatus", ignores, forbidden},
		{"scope refused", "order-status", "order-status", "GetOrderStatus", oauth(400, "invalid_scope", "Invalid scopes: orders.read"), forbidden},
		{"API of others", "customer-portal", "parcels", "parcels.v1.Parcels/Track", oauth(400, "invalid_scope", "Invalid scopes: x"), forbidden + ` "customer-portal" call parcels: see external.parcels.clients (` + f.matrix + ":20)"},
		{"secret", "order-status", "order-status", "GetOrderStatus", oauth(401, "invalid_client", "wrong"), "was not accepted by"},
	} {
		f.issuer.Fault(testutil.Token, row.answer)
		for _, r := range []result{
			f.run(t, "token", "--as", row.client, "--for", row.service, "--anyway"),
			f.call(t, &served{Addr: "127.0.0.1:1", Service: row.service, flags: []string{"--plaintext"}}, row.client, "--anyway", row.method),
		} {
			r.want(t, 1, row.want)
			if strings.Contains(r.stdout, "Keycloak, a") {
				t.Errorf("%s: advice at the provider in\n%s", row.name, r.stdout)
			}
		}
	}
}

// TestCallSendsTheTokenOfAFileToTheAuthoritiesOnly shows that a token in a file, and an
// exchanged one, go to the addresses that the matrix allows, and nowhere else.
func TestCallSendsTheTokenOfAFileToTheAuthoritiesOnly(t *testing.T) {
	f := newField(t)
	s := f.serve(t, "human-resource", "--plaintext")
	alice := file(t, "token", f.issuer.User("customer-portal", "alice", "order-status", "orders.read"))
	f.move(t)
	f.change(t, "human-resource:\n    grpc:", "human-resource:\n    authorities: [hr.example.com]\n    grpc:")
	f.callWith(t, s, "GetEmployee", "--token-file", alice).want(t, 2, `may be sent to ["hr.example.com"] only`)
	f.call(t, s, "order-status", "--on-behalf-of-file", alice).want(t, 2, `may be sent to ["hr.example.com"] only`)
	if strings.Contains(s.log.String(), "GetEmployee") {
		t.Errorf("the call arrived: %s", s.log)
	}
}

// TestCallOnBehalfOf shows that the token in a file is exchanged first.
func TestCallOnBehalfOf(t *testing.T) {
	f := newField(t)
	s := f.serve(t, "human-resource", "--plaintext")
	alice := file(t, "token", f.issuer.User("customer-portal", "alice", "order-status", "orders.read"))
	f.call(t, s, "order-status", "--on-behalf-of-file", alice).want(t, 0, `"bytes": 0`)
	lines := s.lines(t)
	if last := lines[len(lines)-1]; last["user"] != "alice" || last["client"] != "order-status" {
		t.Errorf("the server's log says %v, want a call of order-status for alice", last)
	}
	f.issuer.Fault(testutil.Token, refusal("invalid_grant", "Invalid token"))
	f.call(t, s, "order-status", "--on-behalf-of-file", alice).want(t, 1, "no token: order-status for human-resource", "Invalid token")
}

// TestOpaqueSubjectNeedsItsIssuer shows that an opaque token is exchanged only if it is
// said which issuer made it.
func TestOpaqueSubjectNeedsItsIssuer(t *testing.T) {
	f := newField(t)
	s := f.serve(t, "human-resource", "--plaintext")
	opaque := []string{"--on-behalf-of-file", file(t, "token", "opaque")}
	jwt := []string{"--on-behalf-of-file", file(t, "token", f.issuer.User("customer-portal", "alice", "order-status"))}
	f.change(t, "services:\n  order", "  partner: {url: 'https://partner.example'}\nservices:\n  order")
	f.text = strings.ReplaceAll(f.text, "    grpc:", "    issuers: [corp]\n    grpc:")
	f.text = strings.ReplaceAll(f.text, "{secret:", "{issuer: corp, secret:")
	write(t, f.matrix, f.text)
	for _, call := range []func(...string) result{
		func(args ...string) result {
			return f.run(t, "token", append([]string{"--as", "order-status", "--for", "human-resource"}, args...)...)
		},
		func(args ...string) result { return f.call(t, s, "order-status", args...) },
	} {
		before := f.issuer.Requests(testutil.Token)
		call(opaque...).want(t, 2, "the token does not say which issuer made it; name that issuer of the file with --subject-issuer")
		call(append(opaque, "--subject-issuer", "crop")...).want(t, 2, `no issuer "crop" in the file, did you mean "corp"?`)
		call("--subject-issuer", "corp").want(t, 2, "the token in --on-behalf-of-file, which is missing")
		call(append(jwt, "--subject-issuer", "partner")...).want(t, 2, `and not "https://partner.example"`, "leave out --subject-issuer")
		call(append(opaque, "--subject-issuer", "partner")...).want(t, 1, "shown to no other issuer")
		if after := f.issuer.Requests(testutil.Token); after != before {
			t.Errorf("the token was shown %d times", after-before)
		}
		call(append(opaque, "--subject-issuer", "corp")...).want(t, 1, "no token")
		if after := f.issuer.Requests(testutil.Token); after == before {
			t.Error("the token was not shown to its issuer")
		}
		call(append(jwt, "--subject-issuer", "corp")...).want(t, 0)
	}
}

// TestCallShowsTheCertificate shows that a token which is bound to a certificate is
// admitted if the call shows it, by flags or by the matrix.
func TestCallShowsTheCertificate(t *testing.T) {
	f := newField(t)
	cert, key, ca := pair(t)
	s := f.serve(t, "order-status", "--tls-cert", cert, "--tls-key", key)
	s.flags = []string{"--tls-ca", ca}
	own, ownKey, _ := pair(t)
	text, err := os.ReadFile(own)
	if err != nil {
		t.Fatal(err)
	}
	block, _ := pem.Decode(text)
	sum := sha256.Sum256(block.Bytes)
	bound := []string{"--token-file", file(t, "token", f.issuer.Mint(testutil.Claims{
		"aud": "order-status", "azp": "customer-portal", "sub": "alice", "scope": "orders.read",
		"cnf": map[string]any{"x5t#S256": base64.RawURLEncoding.EncodeToString(sum[:])},
	}))}
	f.callWith(t, s, bound...).want(t, 1, "refused: TOKEN_INVALID")
	f.callWith(t, s, append(bound, "--cert", cert, "--key", key)...).want(t, 1, "refused: TOKEN_INVALID")
	f.callWith(t, s, append(bound, "--cert", own, "--key", ownKey)...).want(t, 0, `"bytes": 0`)
	f.move(t)
	f.change(t, "{secret: {file: backoffice-portal.secret}}", "{mtls: {cert: "+own+", key: "+ownKey+"}}")
	f.callWith(t, s, append(bound, "--as", "backoffice-portal")...).want(t, 0, `"bytes": 0`)
	f.callWith(t, s, append(bound, "--as", "backoffice-portal", "--cert", cert, "--key", key)...).want(t, 1, "refused: TOKEN_INVALID")
	f.callWith(t, s, append(bound, "--cert", key, "--key", key)...).want(t, 2, key+" and "+key)
}

func TestCallWrongTokens(t *testing.T) {
	f := newField(t)
	cert, key, _ := pair(t)
	s := &served{Addr: "127.0.0.1:1", Service: "order-status", flags: []string{"--plaintext"}}
	token := file(t, "token", "x")
	for _, row := range []struct {
		want string
		args []string
	}{
		{"at least one of the flags in the group [as token-file] is required", nil},
		{"[token-file on-behalf-of-file]", []string{"--token-file", token, "--on-behalf-of-file", token}},
		{"[token-file subject-issuer]", []string{"--token-file", token, "--subject-issuer", "corp"}},
		{"[token-file anyway]", []string{"--token-file", token, "--anyway"}},
		{"[cert key]", []string{"--token-file", token, "--cert", cert}},
		{"[cert plaintext]", []string{"--token-file", token, "--cert", cert, "--key", key}},
		{"no token in it", []string{"--token-file", file(t, "token", "\n")}},
		{"characters that no header can carry", []string{"--token-file", file(t, "token", "é")}},
		{"no such file", []string{"--token-file", "missing"}},
		{`no client "batch" in the file`, []string{"--token-file", token, "--as", "batch"}},
	} {
		f.callWith(t, s, row.args...).want(t, 2, "grpcaud: ", row.want)
	}
}
