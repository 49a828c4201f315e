package interceptor_test

import (
	"context"
	"crypto/x509"
	"crypto/x509/pkix"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"strings"
	"testing"
	"testing/synctest"
	"time"
	"unicode/utf8"

	"github.com/grpcaud/grpcaud/audience/access"
	"github.com/grpcaud/grpcaud/interceptor"
	"github.com/grpcaud/grpcaud/testutil"
)

// maxLine is how long a line may be, in bytes.
const maxLine = 2 << 10

// hostile are texts that are long, and longer once they are written.
var hostile = map[string]string{
	"letters":    strings.Repeat("x", 5000),
	"quotes":     strings.Repeat(`"`, 5000),
	"slashes":    strings.Repeat(`\`, 5000),
	"controls":   strings.Repeat("\x00\x1b\r\n", 1200),
	"separators": strings.Repeat("\u2028\u202e", 800),
	"wide":       strings.Repeat("\U0001F600é", 800),
	"private":    strings.Repeat("\U000F0000", 1200),
	"broken":     strings.Repeat("\xff\xc3", 2500),
}

// TestLineIsBounded shows that no line is longer than 2 KiB, whatever a token or a
// request has in it, that it says where it was cut, and that it is UTF-8.
func TestLineIsBounded(t *testing.T) {
	for name, text := range hostile {
		var many []string
		for n := range 2000 {
			many = append(many, fmt.Sprintf("%.4s%d", text, n))
		}
		token := text
		if !utf8.ValidString(text) {
			token = "valid"
		}
		for what, claims := range map[string]testutil.Claims{
			"iss":     {"iss": token},
			"aud":     {"aud": many},
			"one aud": {"aud": token},
			"client":  {"client_id": token, "azp": nil},
			"user":    {"sub": token, "aud": "x"},
			"act":     {"act": testutil.Claims{"sub": token, "act": testutil.Claims{"sub": token, "act": testutil.Claims{"sub": token}}}, "aud": "x"},
			"scope":   {"scope": strings.Join(many, " ")},
			"jti":     {"jti": token, "aud": "x"},
			"all":     {"jti": token, "aud": many, "sub": token, "client_id": token, "scope": token, "iat": token},
			"wide all": {
				"jti": "1", "aud": many, "sub": token, "client_id": token, "scope": token,
				"act": testutil.Claims{"sub": token, "act": testutil.Claims{"sub": token}},
			},
		} {
			for mode, method := range map[access.Mode]string{access.Enforce: getOrder, access.Observe: "/acme.orders.v1.OrderStatus/" + strings.Repeat("x", 5000)} {
				lineIsBounded(t, fmt.Sprintf("%s, %s, %v", name, what, mode), mode, method, text, claims)
			}
			lineIsBounded(t, name+", "+what+", no rule", access.Enforce, "/"+text, text, claims)
		}
	}
}

func lineIsBounded(t *testing.T, name string, mode access.Mode, method, agent string, claims testutil.Claims) {
	t.Helper()
	all := good(testutil.Claims{"jti": "1"})
	maps.Copy(all, claims)
	issuer := newIssuer()
	ctx := from(t.Context(), "[2001:db8:aaaa:bbbb:cccc:dddd:eeee:ffff]:12345", "authorization", "Bearer "+issuer.Mint(all),
		"user-agent", agent, "x-request-id", strings.Repeat("a", 128))
	for kind, handler := range map[string]func(io.Writer) slog.Handler{
		"text": func(w io.Writer) slog.Handler { return slog.NewTextHandler(w, nil) },
		"JSON": func(w io.Writer) slog.Handler { return slog.NewJSONHandler(w, nil) },
	} {
		written := &log{}
		server := guarded(t, issuer, mode, interceptor.Logger(slog.New(handler(written))))
		_ = unary(ctx, server, method)
		line := written.String()
		switch {
		case strings.Count(line, "\n") != 1:
			t.Errorf("%s, %s: want one line, got %q", name, kind, line)
		case len(line) > maxLine, !utf8.ValidString(line):
			t.Errorf("%s, %s: %d bytes, want at most %d, of UTF-8: %s", name, kind, len(line), maxLine, line)
		case !strings.Contains(line, " bytes cut)"):
			t.Errorf("%s, %s: does not say that it was cut: %s", name, kind, line)
		}
	}
}

// TestFullestLineIsBounded shows the same for a line that has every attribute: the
// certificate, and the ids of the refusals before it.
func TestFullestLineIsBounded(t *testing.T) {
	for name, text := range hostile {
		synctest.Test(t, func(t *testing.T) {
			token := text
			if !utf8.ValidString(text) {
				token = "valid"
			}
			issuer := newIssuer()
			certificate := func(context.Context) *x509.Certificate {
				return &x509.Certificate{Subject: pkix.Name{CommonName: text}}
			}
			authorization := "Bearer " + issuer.Mint(good(testutil.Claims{
				"jti": "1", "aud": token, "sub": token, "client_id": token, "scope": token, "act": testutil.Claims{"sub": token, "act": testutil.Claims{"sub": token}},
			}))
			for kind, handler := range map[string]func(io.Writer) slog.Handler{
				"text": func(w io.Writer) slog.Handler { return slog.NewTextHandler(w, nil) },
				"JSON": func(w io.Writer) slog.Handler { return slog.NewJSONHandler(w, nil) },
			} {
				written := &log{}
				server := guarded(t, issuer, access.Enforce, interceptor.Logger(slog.New(handler(written))), interceptor.PeerCertificate(certificate))
				for n := range 12 {
					if n == 11 {
						time.Sleep(10 * time.Second)
					}
					times(t, 1, server, from(t.Context(), "[2001:db8:aaaa:bbbb:cccc:dddd:eeee:ffff]:12345", "authorization", authorization,
						"user-agent", text, "x-request-id", fmt.Sprintf("%0128d", n)), "/acme.orders.v1.OrderStatus/"+strings.Repeat("x", 5000))
				}
				got := strings.SplitAfter(strings.TrimSpace(written.String()), "\n")
				if len(got) != 2 || len(got[0]) > maxLine || len(got[1]) >= maxLine || !strings.Contains(got[1], "request_ids") {
					t.Errorf("%s, %s: %d lines, want two of at most %d bytes: %d bytes, then %d:\n%s", name, kind, len(got), maxLine, len(got[0]), len(got[len(got)-1]), got[len(got)-1])
				}
				server.Close()
			}
		})
	}
}

// TestOrdinaryLineIsWhole shows that nothing is cut from the line of an ordinary
// token.
func TestOrdinaryLineIsWhole(t *testing.T) {
	issuer, written := newIssuer(), &log{}
	server := guarded(t, issuer, access.Enforce, jsonLogger(written))
	for _, claims := range []testutil.Claims{{"aud": "human-resource"}, {"scope": "orders.list"}, {"client_id": "newsletter", "act": testutil.Claims{"sub": "mobile-app"}}} {
		_ = unary(from(t.Context(), "10.0.0.1:4000", "user-agent", "grpc-go/1.85.0", "authorization", "Bearer "+issuer.Mint(good(claims))), server, getOrder)
	}
	if got := lines(t, written); len(got) != 3 || strings.Contains(written.String(), "cut)") || strings.Contains(written.String(), "more)") {
		t.Errorf("%d lines, want 3 that are whole: %s", len(got), written)
	}
}
