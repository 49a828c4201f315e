package authority_test

import (
	"crypto/tls"
	"strings"
	"testing"

	"github.com/grpcaud/grpcaud/internal/authority"
)

// TestOfTarget shows which authority a dial target leads to, as gRPC derives
// it.
func TestOfTarget(t *testing.T) {
	for target, want := range map[string]string{
		"dns:///orders.example.com":           "orders.example.com",
		"dns:///orders.example.com:8443":      "orders.example.com:8443",
		"dns://8.8.8.8/orders.example.com:80": "orders.example.com:80",
		"dns:///:8443":                        "localhost:8443",
		"dns:///[::1]:443":                    "[::1]:443",
		"passthrough:///[::1]":                "[::1]",
		"passthrough:///2001:db8::1":          "2001:db8::1",
		"passthrough:///[1:2:3:4:5:6:7:8]":    "[1:2:3:4:5:6:7:8]",
		"xds:///orders":                       "orders",
		"unix:///run/orders.sock":             "localhost",
		"unix-abstract:///orders":             "localhost",
		"":                                    "",
	} {
		if got := authority.OfTarget(target); got != want {
			t.Errorf("OfTarget(%q) = %q, want %q", target, got, want)
		}
	}
}

// TestCheck shows where a token may be sent that no certificate proves. The tests of
// package interceptor have the rows with certificates.
func TestCheck(t *testing.T) {
	for _, row := range []struct {
		list            authority.List
		called, dialled string
		want            string // a part of the error; empty for none
	}{
		{nil, "orders.example.com", "orders.example.com:443", ""},
		{nil, "ORDERS.example.com:8443", "orders.example.com:8443", ""},
		{nil, "orders.example.com:8443", "orders.example.com", "no certificate proves it"},
		{nil, "people.example.com", "orders.example.com", "no certificate proves it"},
		{authority.List{"orders.example.com"}, "orders.example.com:8443", "orders.example.com:8443", ""},
		{authority.List{"orders.example.com:443"}, "orders.example.com", "orders.example.com", ""},
		{authority.List{"orders.example.com:443"}, "orders.example.com:8443", "orders.example.com:8443", "may be sent to"},
		{authority.List{"people.example.com"}, "orders.example.com", "orders.example.com", "may be sent to"},
	} {
		for _, state := range []*tls.ConnectionState{nil, {}} {
			err := row.list.Check(row.called, row.dialled, state)
			if (err == nil) != (row.want == "") || err != nil && !strings.Contains(err.Error(), row.want) {
				t.Errorf("%q, %s over a connection to %s: got %v, want %q", row.list, row.called, row.dialled, err, row.want)
			}
		}
	}
}
