package interceptor_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"testing"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/grpcaud/grpcaud/audience"
	"github.com/grpcaud/grpcaud/audience/access"
	"github.com/grpcaud/grpcaud/testutil"
)

func TestSubjectIsReadStrictly(t *testing.T) {
	sub := func(value any) func(*testbed) []string { return token(testutil.Claims{"sub": value}) }
	users := allowing(func(a *access.Allow) {
		a.Callers, a.Clients = access.UsersOnly, append(a.Clients, "batch")
	})
	batch := func(a *testbed) { a.matrix.Clients["batch"] = access.Client{Issuer: "corp"} }
	attacks := []attack{
		{"sub/missing", nil, sub(nil), claimMissing, 0},
		{"sub/missing in a legacy user's", legacy, token(testutil.Claims{"sub": nil, "sid": "s"}), claimMissing, 0},
		{"sub/twice", nil, spelt("sub", `"sub":"alice","sub":"admin"`), claimsMalformed, 0},
		{"sub/a client for a user", all(batch, users), token(testutil.Claims{"client_id": "batch", "sub": "batch"}), callerKind, 0},
		{"sub/a client's own token, exchanged, for a user's", all(batch, users), sub("batch"), callerKind, 0},
		{"sub/long, and still one", nil, sub(fmt.Sprintf("%01024d", 0)), admitted, 0},
	}
	for name, value := range map[string]any{
		"empty": "", "number": 7, "null": null, "array": []string{"alice"}, "10 KiB": fmt.Sprintf("%010240d", 0),
		"line break": "alice\nadmin", "NUL": "alice\x00", "delete": "alice\x7f",
	} {
		attacks = append(attacks, attack{"sub/" + name, nil, sub(value), claimsMalformed, 0})
	}
	run(t, attacks)
}

// TestClientThatCallsAsItselfIsNoUser shows that a client which calls as itself is not
// a user, whatever its name is.
func TestClientThatCallsAsItselfIsNoUser(t *testing.T) {
	self := testutil.Claims{"sub": "customer-portal"}
	nobody := func(a *testbed) {
		a.orders.inHandler = func(ctx context.Context) error {
			if caller, _ := audience.FromContext(ctx); caller.User == "customer-portal" {
				return status.Error(codes.Internal, "a client is the user")
			}
			return nil
		}
	}
	run(t, []attack{{"sub/a client of a user's name", nobody, token(self), admitted, 0}})
}

// TestServiceIsNoUserWhoLoggedIn shows that the token of a service is not taken for that of
// a user, although its issuer writes claims about a session or a login into it: Keycloak
// gives services acr, and sid if they get refresh tokens.
func TestServiceIsNoUserWhoLoggedIn(t *testing.T) {
	account := func(changes testutil.Claims) func(*testbed) []string {
		claims := testutil.Claims{"sub": "b53cf0ce", "preferred_username": "service-account-customer-portal"}
		maps.Copy(claims, changes)
		return token(claims)
	}
	user := testutil.Claims{"acr": "1", "sid": "s", "auth_time": 1}
	users := all(legacy, allowing(func(a *access.Allow) { a.Callers = access.UsersOnly }))
	acr := all(legacy, allowing(func(a *access.Allow) { a.ACR = []string{"1"} }), func(a *testbed) { a.good = token(user) })
	age := all(legacy, allowing(func(a *access.Allow) { a.MaxAuthAge = 1 << 62 }), func(a *testbed) { a.good = token(user) })
	run(t, []attack{
		{"a service with a session", users, account(testutil.Claims{"sid": "s"}), callerKind, 0},
		{"a service with the time of a login", users, account(testutil.Claims{"auth_time": 0}), callerKind, 0},
		{"a service with acr", acr, account(testutil.Claims{"acr": "1"}), stepUp, 0},
		{"a service with acr and a session", acr, account(testutil.Claims{"acr": "1", "sid": "s"}), stepUp, 0},
		{"a service with acr, exchanged", acr, token(testutil.Claims{"sub": "b53cf0ce", "preferred_username": "service-account-other", "acr": "1"}), stepUp, 0},
		{"a service with the time of a login, for its age", age, account(testutil.Claims{"auth_time": 1}), stepUp, 0},
	})
}

// TestRequiredClaimIsComparedExactly shows that a claim which a rule or a handler
// demands must have exactly the value.
func TestRequiredClaimIsComparedExactly(t *testing.T) {
	hr := token(testutil.Claims{"department": "hr"})
	demanded := all(allowing(func(a *access.Allow) { a.Claims = map[string][]string{"department": {"hr"}} }), func(a *testbed) { a.good = hr })
	asked := func(a *testbed) {
		a.orders.inHandler = func(ctx context.Context) error {
			caller, _ := audience.FromContext(ctx)
			verified, err := audience.Claim[bool](caller, "email_verified")
			if err == nil && !verified {
				return errors.New("no value became one")
			}
			return nil
		}
	}
	attacks := []attack{
		{"required claim/there", demanded, hr, admitted, 0},
		{"required claim/missing", demanded, token(nil), claimNotAllowed, 0},
		{"required claim/other case of the name", demanded, token(testutil.Claims{"Department": "hr"}), claimNotAllowed, 0},
		{"required claim/in an array", demanded, token(testutil.Claims{"department": []string{"sales", "hr"}}), admitted, 0},
	}
	for name, value := range map[string]any{
		"empty": "", "null": null, "number": 0, "true": true, "object": map[string]any{"hr": true}, "no element": []string{},
		"longer": "hr ", "case": "HR", "array in an array": []any{[]string{"hr"}},
	} {
		attacks = append(attacks, attack{"required claim/" + name, demanded, token(testutil.Claims{"department": value}), claimNotAllowed, 0})
	}
	for name, value := range map[string]any{"missing": nil, "null": null, "text": "true", "number": 1, "empty": ""} {
		attacks = append(attacks, attack{"required claim/to a handler, " + name, asked, token(testutil.Claims{"email_verified": value}), admitted, 0})
	}
	run(t, attacks)
}

func TestChainOfActorsIsBounded(t *testing.T) {
	act := func(value any) func(*testbed) []string { return token(testutil.Claims{"act": value}) }
	chain := func(depth int) any {
		var act any
		for range depth {
			link := testutil.Claims{"sub": "customer-portal"}
			if act != nil {
				link["act"] = act
			}
			act = link
		}
		return act
	}
	run(t, []attack{
		{"act/one", nil, act(chain(1)), admitted, 0},
		{"act/eight", nil, act(chain(8)), admitted, 0},
		{"act/nine", nil, act(chain(9)), claimsMalformed, 0},
		{"act/a hundred", nil, act(chain(100)), claimsMalformed, 0},
		{"act/a thousand", nil, act(chain(1000)), tokenTooLarge, 0},
		{"act/no object", nil, act("customer-portal"), claimsMalformed, 0},
		{"act/null", nil, act(null), claimsMalformed, 0},
		{"act/without sub", nil, act(testutil.Claims{"client_id": "customer-portal"}), claimsMalformed, 0},
		{"act/sub number", nil, act(testutil.Claims{"sub": 1}), claimsMalformed, 0},
		{"act/an actor before may, this one may not", nil, token(testutil.Claims{
			"client_id": "newsletter", "act": testutil.Claims{"sub": "newsletter", "act": testutil.Claims{"sub": "customer-portal"}},
		}), clientNotAllowed, 0},
	})
}

// TestAmbiguousJSONIsRefused shows that payloads are refused which decoders read in
// different ways.
func TestAmbiguousJSONIsRefused(t *testing.T) {
	payload := func(text string) func(*testbed) []string { return token(nil, testutil.RawPayload([]byte(text))) }
	around := func(before, after string) func(*testbed) []string {
		return func(a *testbed) []string {
			whole := encoded(read(testutil.Claims{"iss": a.url, "iat": 946684800, "exp": 946684900, "jti": "1"}))
			return payload(before + string(whole) + after)(a)
		}
	}
	deep := func(depth int) func(*testbed) []string { return spelt("x", `"x":`+nested(depth)) }
	run(t, []attack{
		{"JSON/null", nil, payload(`null`), claimsMalformed, 0},
		{"JSON/array", nil, payload(`[]`), claimsMalformed, 0},
		{"JSON/text", nil, payload(`"x"`), claimsMalformed, 0},
		{"JSON/empty object", nil, payload(`{}`), issuerUnknown, 0},
		{"JSON/half", nil, payload(`{"iss":"` + corp + `"`), claimsMalformed, 0},
		{"JSON/as it should be", nil, around("", ""), admitted, 0},
		{"JSON/white space around", nil, around(" ", "\n"), admitted, 0},
		{"JSON/an object behind", nil, around("", "{}"), claimsMalformed, 0},
		{"JSON/NUL behind", nil, around("", "\x00"), claimsMalformed, 0},
		{"JSON/byte order mark", nil, around("\ufeff", ""), claimsMalformed, 0},
		{"JSON/invalid UTF-8", nil, spelt("x", "\"x\":\"\xff\""), claimsMalformed, 0},
		{"JSON/overlong UTF-8", nil, spelt("x", "\"x\":\"\xc0\xaf\""), claimsMalformed, 0},
		{"JSON/lone surrogate", nil, spelt("x", `"x":"\ud800"`), claimsMalformed, 0},
		{"JSON/a comma too many", nil, spelt("x", `"x":1,`), claimsMalformed, 0},
		{"JSON/NaN", nil, spelt("x", `"x":NaN`), claimsMalformed, 0},
		{"JSON/comment", nil, spelt("x", `"x":1/**/`), claimsMalformed, 0},
		{"JSON/depth 32", nil, deep(31), admitted, 0},
		{"JSON/depth 33", nil, deep(32), claimsMalformed, 0},
		{"JSON/depth 5 000", nil, deep(5_000), claimsMalformed, 0},
		{"JSON/depth 9 000", nil, deep(9_000), tokenTooLarge, 0},
		{"JSON/depth 100 000", nil, deep(100_000), tokenTooLarge, 0},
	})
}

// nested is an array in an array, and so on.
func nested(depth int) string {
	text := make([]byte, 2*depth)
	for n := range depth {
		text[n], text[depth+n] = '[', ']'
	}
	return string(text)
}
