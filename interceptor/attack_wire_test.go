package interceptor_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"

	"golang.org/x/net/http2"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"

	"github.com/grpcaud/grpcaud/internal/racedetector"
	"github.com/grpcaud/grpcaud/testutil"
)

// rawAttack is an attack that gRPC's own client would not send: {token} stands
// for a good token.
type rawAttack struct {
	name   string
	path   string // "" for the guarded methods, a unary and a streaming one
	fields []field
	want   ruling
	end    http2.ErrCode // of a call that is answered by no status
}

// paths are those of the shapes.
var paths = map[string]string{
	"unary":  "/acme.orders.v1.OrderStatus/GetOrderStatus",
	"stream": "/acme.orders.v1.OrderStatus/WatchOrderStatus",
}

func runRaw(t *testing.T, attacks []rawAttack) {
	t.Helper()
	for _, row := range attacks {
		for shape, path := range paths {
			if row.path != "" {
				path, shape = row.path, "raw"
			}
			t.Run(row.name+"/"+shape, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) { newTestbed(t, opened).stageRaw(t, path, row) })
			})
			if row.path != "" {
				break
			}
		}
	}
}

// opened opens one method of one service, and all of another.
func opened(a *testbed) {
	a.matrix.Public = []string{"grpc.health.v1.Health/Check", "acme.hr.v1.Holidays"}
}

func (a *testbed) stageRaw(t *testing.T, path string, row rawAttack) {
	t.Helper()
	server := a.listen(t)
	good := token(nil)(a)[0]
	if err := server.call(t, paths["unary"], field{Name: "authorization", Value: good}); err != nil {
		t.Fatalf("a good call: %v", err)
	}
	logged, called, asked := len(a.log.String()), a.orders.calls(), a.asked()
	var fields []field
	for _, f := range row.fields {
		f.Value = strings.ReplaceAll(f.Value, "{token}", strings.TrimPrefix(good, "Bearer "))
		fields = append(fields, f)
	}
	err := server.call(t, path, fields...)
	line := a.log.String()[logged:]
	var reset http2.StreamError
	if errors.As(err, &reset); reset.Code != row.end {
		t.Errorf("the stream ended with %v, want %v", err, row.end)
	}
	if row.end == 0 {
		a.ruled(t, row.want, err, line)
	}
	if row.want != admitted && a.orders.calls() != called {
		t.Error("the handler was reached")
	}
	if row.want.cause == "" && row.want != admitted && line != "" {
		t.Errorf("the call was judged: %s", line)
	}
	if got := a.asked() - asked; got != 0 {
		t.Errorf("the issuer was asked %d times", got)
	}
	tokenless(t, "log", line, good)
	tokenless(t, "answer", errText(err), good)
}

func errText(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

func authorization(values ...string) []field {
	var fields []field
	for _, value := range values {
		fields = append(fields, field{Name: "authorization", Value: value})
	}
	return fields
}

// TestPathsThatOnlyLookLikeAMethod shows that a method is not reached by a name that
// is not exactly its own, also if there are public methods and a handler of all
// methods.
func TestPathsThatOnlyLookLikeAMethod(t *testing.T) {
	unimplemented := ruling{verdict: verdict{Code: codes.Unimplemented}}
	good := authorization("Bearer {token}")
	attacks := []rawAttack{
		{"path without slash/no slash before", "acme.orders.v1.OrderStatus/GetOrderStatus", good, unimplemented, 0},
		{"path without slash/no slash before what is public", "grpc.health.v1.Health/Check", nil, unimplemented, 0},
		{"path spelt otherwise/NUL", "/acme.orders.v1.OrderStatus/GetOrderStatus\x00", good, ruling{}, http2.ErrCodeProtocol},
		{"path spelt otherwise/backslash", "/acme.orders.v1.OrderStatus\\GetOrderStatus", good, unimplemented, 0},
		{"path spelt otherwise/other case", "/acme.orders.v1.orderstatus/getorderstatus", good, noRule, 0},
		{"path spelt otherwise/no such service", "/acme.orders.v1.Orders/GetOrderStatus", good, noRule, 0},
	}
	for name, path := range map[string]string{
		"two slashes": "//SERVICE/METHOD", "slash behind": "/SERVICE/METHOD/", "two slashes within": "/SERVICE//METHOD",
		"query": "/SERVICE/METHOD?x", "fragment": "/SERVICE/METHOD#x", "escape": "/SERVICE/%4dETHOD", "dot": "/SERVICE/./METHOD",
		"dots": "/SERVICE/../SERVICE/METHOD", "space": "/SERVICE/METHOD ", "no method": "/SERVICE/",
		"semicolon": "/SERVICE/METHOD;x",
	} {
		at := func(service, method string) string {
			return strings.NewReplacer("SERVICE", service, "METHOD", method, "ETHOD", method[1:]).Replace(path)
		}
		attacks = append(attacks,
			rawAttack{"path spelt otherwise/" + name, at("acme.orders.v1.OrderStatus", "GetOrderStatus"), good, noRule, 0},
			rawAttack{"path spelt otherwise/" + name + ", public", at("acme.hr.v1.Holidays", "List"), nil, noRule, 0})
	}
	runRaw(t, attacks)
}

func TestCallsWithoutOneWellFormedToken(t *testing.T) {
	attacks := []rawAttack{
		{"several values/good, then bad", "", authorization("Bearer {token}", "Bearer x"), credentialsRepeated, 0},
		{"several values/bad, then good", "", authorization("Bearer x", "Bearer {token}"), credentialsRepeated, 0},
		{"several values/good twice", "", authorization("Bearer {token}", "Bearer {token}"), credentialsRepeated, 0},
		{"several values/good beside another scheme", "", authorization("Basic YTpi", "Bearer {token}"), credentialsRepeated, 0},
		{"several values/good beside an empty one", "", authorization("", "Bearer {token}"), credentialsRepeated, 0},
		{"several values/good beside DPoP", "", authorization("DPoP {token}", "Bearer {token}"), credentialsRepeated, 0},
		{"several tokens in a value/comma", "", authorization("Bearer {token}, Bearer {token}"), credentialsMalformed, 0},
		{"several tokens in a value/comma without space", "", authorization("Bearer {token},Bearer {token}"), credentialsMalformed, 0},
		{"another field/authorization-bin", "", []field{{Name: "authorization-bin", Value: "QmVhcmVyIHg"}}, credentialsMissing, 0},
		{"another field/Authorization", "", []field{{Name: "Authorization", Value: "Bearer {token}"}}, ruling{}, http2.ErrCodeProtocol},
		{"another field/none", "", nil, credentialsMissing, 0},
		{"another field/another field", "", []field{{Name: "grpcgateway-authorization", Value: "Bearer {token}"}}, credentialsMissing, 0},
	}
	for _, same := range []string{"bearer {token}", "BEARER {token}", "bEaReR {token}", "Bearer  {token}", "Bearer    {token}"} {
		attacks = append(attacks, rawAttack{"scheme/" + same, "", authorization(same), admitted, 0})
	}
	for value, want := range map[string]ruling{
		"Bearer\t{token}": schemeUnsupported, " Bearer {token}": schemeUnsupported, "Bearer {token} ": credentialsMalformed, "Bearer \t{token}": credentialsMalformed,
		"Bearer": credentialsMalformed, "Bearer ": credentialsMalformed, "Basic {token}": schemeUnsupported, "DPoP {token}": schemeUnsupported,
		"Bearer é": credentialsMalformed, "Bearer {token}é": credentialsMalformed, "": schemeUnsupported, "{token}": schemeUnsupported,
		"Bearer:{token}": schemeUnsupported, "Bearer\u00a0{token}": schemeUnsupported, "Bearer {token}\u200b": credentialsMalformed, "Bearer \"{token}\"": credentialsMalformed,
	} {
		attacks = append(attacks, rawAttack{"scheme/" + strings.ReplaceAll(value, "é", "e'") + ".", "", authorization(value), want, 0})
	}
	runRaw(t, attacks)
}

// TestSizeOfTokensIsBounded shows that tokens of the largest accepted size are
// admitted, and larger ones are refused.
func TestSizeOfTokensIsBounded(t *testing.T) {
	exactly := func(size int) func(*testbed) []string {
		return func(a *testbed) []string { return []string{"Bearer " + sized(t, a, size)} }
	}
	run(t, []attack{
		{"size/a byte less than 16 KiB", nil, exactly(16<<10 - 1), admitted, 0},
		{"size/16 KiB", nil, exactly(16 << 10), admitted, 0},
		{"size/a byte more", nil, exactly(16<<10 + 1), tokenTooLarge, 0},
		{"size/1 MiB", nil, exactly(1 << 20), tokenTooLarge, 0},
	})
}

// TestLargestTokenOfGRPCIsRefused shows that a token is refused that is about as large
// as gRPC can carry. That takes long.
func TestLargestTokenOfGRPCIsRefused(t *testing.T) {
	size := 15
	if racedetector.On {
		size = 2
	}
	t.Run(fmt.Sprintf("size/%d MiB/unary", size), func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			row := attack{"", nil, sent("Bearer " + strings.Repeat("A", size<<20)), tokenTooLarge, 0}
			newTestbed(t, nil).stage(t, row, shapes["unary"])
		})
	})
}

// sized returns a good token of this many bytes. A larger payload alone cannot give
// every size, because of base64url.
func sized(t *testing.T, a *testbed, size int) string {
	t.Helper()
	for header := range 4 {
		h := testutil.Header("x", strings.Repeat("h", header))
		least := len(a.Mint(read(testutil.Claims{"x": "", "jti": "1"}), h))
		for pad := (size - least) * 3 / 4; pad < (size-least)*3/4+4; pad++ {
			if token := a.Mint(read(testutil.Claims{"x": strings.Repeat("p", pad), "jti": "1"}), h); len(token) == size {
				return token
			}
		}
	}
	t.Fatalf("no token of %d bytes", size)
	return ""
}

// TestTokensOfConnectionAndCallAreTwo shows that a call with a token of its own on a
// connection with a token is refused: gRPC's client sends both.
func TestTokensOfConnectionAndCallAreTwo(t *testing.T) {
	twice := func(a *testbed) {
		a.dial, a.good = []grpc.DialOption{grpc.WithPerRPCCredentials(bearer{a})}, sent()
	}
	run(t, []attack{{"several values/credentials of connection and call", twice, token(nil), credentialsRepeated, 0}})
}

// bearer are the credentials of a connection.
type bearer struct{ *testbed }

func (b bearer) GetRequestMetadata(context.Context, ...string) (map[string]string, error) {
	return map[string]string{"authorization": token(nil)(b.testbed)[0]}, nil
}

func (bearer) RequireTransportSecurity() bool { return true }

// TestPublicMethodsOpenNothingElse shows that a public method opens no other one.
// Reflection shows an attacker which methods there are, so it is closed unless a rule
// opens it.
func TestPublicMethodsOpenNothingElse(t *testing.T) {
	const reflected = "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo"
	runRaw(t, []rawAttack{
		{"public method/what is open", "/grpc.health.v1.Health/Check", nil, admitted, 0},
		{"public method/open, and a bad token", "/grpc.health.v1.Health/Check", authorization("Bearer x"), admitted, 0},
		{"public method/its neighbour", "/grpc.health.v1.Health/Watch", nil, noRule, 0},
		{"public method/other case of the method", "/grpc.health.v1.Health/check", nil, noRule, 0},
		{"public method/other case of the service", "/grpc.health.v1.health/Check", nil, noRule, 0},
		{"reflection/reflection", reflected, nil, noRule, 0},
		{"reflection/reflection with a good token", reflected, authorization("Bearer {token}"), noRule, 0},
		{"reflection/reflection as it was", strings.Replace(reflected, "v1", "v1alpha", 1), nil, noRule, 0},
	})
}
