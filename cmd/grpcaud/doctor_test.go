package main_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/grpcaud/grpcaud/testutil"
)

// refusal is a token endpoint that refuses each request with this error.
func refusal(code, description string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(http.StatusBadRequest)
		fmt.Fprintf(w, `{"error": %q, "error_description": %q}`, code, description)
	})
}

// faulty is a field with one of each finding of doctor.
func faulty(t *testing.T) *field {
	f := newField(t)
	// The back office may call more than the issuer lets it, the customer portal less.
	f.register("customer-portal", map[string][]string{"order-status": {"orders.read"}, "human-resource": nil})
	f.register("backoffice-portal", map[string][]string{"order-status": {"orders.read", "orders.write"}})
	f.change(t, "  order-status: {secret", "  batch: {}\n  nightly: {secret: {file: missing.secret}}\n  order-status: {secret")
	f.change(t, "- {clients: [order-status], methods: [GetEmployee], scopes: none}",
		"- {clients: [order-status], methods: [GetEmployee], scopes: none}\n      - {clients: [customer-portal], methods: [Me], scopes: none, callers: users}")
	f.issuer.Fault(testutil.Token, f.issuer.Alter(testutil.Token, func(answer map[string]any) {
		token, _ := answer["access_token"].(string)
		switch claims := f.claims(token); {
		case claims["azp"] == "order-status" && claims["aud"] == "human-resource":
			claims["aud"] = []string{"human-resource", "account", "echo", "order-status"}
			answer["access_token"] = f.issuer.Mint(claims)
		case claims["azp"] == "order-status":
			answer["access_token"] = f.issuer.Mint(testutil.Claims{"aud": "account", "azp": "order-status"})
		case claims["azp"] == "backoffice-portal":
			claims["scope"] = "orders.read"
			answer["access_token"] = f.issuer.Mint(claims)
		}
	}))
	return f
}

func TestDoctorGolden(t *testing.T) {
	f := faulty(t)
	for _, format := range []string{"table", "markdown", "json"} {
		r := f.run(t, "doctor", "-o", format)
		r.want(t, 1)
		golden(t, "doctor-"+format, f.steady(r.stdout))
	}
}

// TestDoctor shows that all is well if the issuer gives what the matrix says, and that
// what could not be found out is neither right nor wrong.
func TestDoctor(t *testing.T) {
	for _, row := range []struct {
		name  string
		code  int
		wants []string
		set   func(*field)
		args  []string
	}{
		{"well", 0, []string{"6 ok, 0 to fix, 0 unknown; 6 may not call, and get no token"}, func(*field) {}, nil},
		{"one client", 0, []string{"2 ok", "2 may not call"}, func(*field) {}, []string{"--client", "customer-portal"}},
		{"one service", 0, []string{"2 ok", "1 may not call"}, func(*field) {}, []string{"--service", "human-resource"}},
		{"issuer down", 2, []string{"0 ok, 0 to fix, 12 unknown"}, func(f *field) { f.issuer.Down() }, nil},
		{"no keys", 2, []string{"1 ok, 0 to fix, 5 unknown", "KEYS_UNAVAILABLE"}, func(f *field) { f.issuer.Fault(testutil.JWKS, testutil.RespondStatus(500)) }, nil},
		{"HTML", 2, []string{"0 ok, 0 to fix, 12 unknown"}, func(f *field) { f.issuer.Fault(testutil.Token, testutil.RespondBody("text/html", "<html>")) }, nil},
		{"no time", 2, []string{"0 ok, 0 to fix, 12 unknown"}, func(*field) {}, []string{"--timeout", "1ns"}},
		{"another secret", 1, []string{"4 ok, 2 to fix, 0 unknown; 4 may not", "invalid_client", `the secret of client "customer-portal", from file `}, func(f *field) {
			f.issuer.Register(testutil.Client{ID: "customer-portal", Secret: "other"})
		}, nil},
		{"wider", 1, []string{"1 to fix", "the issuer gives customer-portal a token for human-resource; the matrix does not let it call", "remove the client scope that has the mapper for human-resource from client"}, func(f *field) {
			f.register("customer-portal", map[string][]string{"order-status": {"orders.read"}, "echo": nil, "human-resource": nil})
		}, nil},
		{"a client for itself", 0, []string{"6 ok, 0 to fix, 0 unknown; 5 may not call, and get no token; 1 get one that no issuer withholds"}, func(f *field) {
			f.register("order-status", map[string][]string{"human-resource": nil, "https://api.parcels.example": nil, "order-status": {"orders.read"}})
		}, nil},
		{"wider at an API of others", 1, []string{"1 to fix", "a token for https://api.parcels.example"}, func(f *field) {
			f.register("customer-portal", map[string][]string{"order-status": {"orders.read"}, "echo": nil, "https://api.parcels.example": nil})
		}, nil},
	} {
		t.Run(row.name, func(t *testing.T) {
			f := newField(t)
			row.set(f)
			f.run(t, "doctor", row.args...).want(t, row.code, row.wants...)
		})
	}
}

// TestDoctorWithoutCredentials shows that nothing is well that was not examined.
func TestDoctorWithoutCredentials(t *testing.T) {
	f := newField(t)
	f.change(t, "customer-portal: {secret: {file: customer-portal.secret}}", "customer-portal: {token_files: {order-status: token}}")
	f.run(t, "doctor", "--client", "customer-portal").want(t, 2, "nothing was examined", "no such file")
	if n := f.issuer.Requests(testutil.Token); n != 0 {
		t.Errorf("%d requests for tokens, want none", n)
	}
	write(t, strings.Replace(f.matrix, "access.yaml", "token", 1), f.issuer.Mint(testutil.Claims{"aud": "order-status", "azp": "customer-portal", "scope": "orders.read"}))
	f.run(t, "doctor", "--client", "customer-portal").want(t, 0, "1 ok", "token_files has no file for it")
}

// TestDoctorKnowsWhatIsNormalAtAnIssuer shows that what is normal at a kind of issuer is no finding, and
// that scopes are requested if they stand for the audience.
func TestDoctorKnowsWhatIsNormalAtAnIssuer(t *testing.T) {
	f := newField(t)
	f.change(t, "preset: keycloak", "preset: entra")
	f.register("customer-portal", map[string][]string{"human-resource": nil})
	f.run(t, "doctor", "--client", "customer-portal", "--service", "human-resource", "-o", "json").want(t, 0, "this kind of issuer gives every client a token for every audience")
	cognito := file(t, "access.yaml", "version: 1\nissuers: {pool: {url: https://cognito.example, preset: cognito}}\n"+
		"services: {orders: {grpc: [a.B], insecure_no_audience: {scope_prefix: orders/}, allow: [{clients: [a], methods: [Get], scopes: [orders/read]}]}}\nclients: {a: {}, b: {}}\n")
	run(t, "", "doctor", cognito).want(t, 2, "nothing was examined")
}

func TestDoctorWrongUse(t *testing.T) {
	f := newField(t)
	for _, row := range []struct {
		want string
		args []string
	}{
		{`no client "batch" in the file`, []string{"--client", "batch"}},
		{`no service "parcel" in the file, did you mean "parcels"?`, []string{"--service", "parcel"}},
		{"want one of table, markdown, json", []string{"-o", "html"}},
		{"no such file", []string{"--issuer-ca", "missing"}},
		{"no such file", []string{"--descriptors", "missing"}},
	} {
		f.run(t, "doctor", row.args...).want(t, 2, "grpcaud: ", row.want)
	}
}
