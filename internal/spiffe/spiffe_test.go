package spiffe_test

import (
	"strings"
	"testing"

	"github.com/grpcaud/grpcaud/internal/spiffe"
)

func TestTrustDomain(t *testing.T) {
	for id, want := range map[string]string{
		"spiffe://example.org/portal":                 "example.org",
		"spiffe://a-b_c.example/ns/x/sa":              "a-b_c.example",
		"spiffe://example.org":                        "",
		"spiffe://example.org/":                       "",
		"spiffe:///portal":                            "",
		"spiffe://EXAMPLE.org/portal":                 "",
		"SPIFFE://example.org/portal":                 "",
		"spiffe://example.org:8443/x":                 "",
		"spiffe://user@example.org/x":                 "",
		"spiffe://example.org?x/y":                    "",
		"spiffe://exämple.org/x":                      "",
		"https://example.org/portal":                  "",
		" spiffe://example.org/portal":                "",
		"spiffe://exa mple.org/portal":                "",
		"":                                            "",
		"spiffe://" + strings.Repeat("a", 256) + "/x": "",
	} {
		if got := spiffe.TrustDomain(id); got != want {
			t.Errorf("TrustDomain(%q) = %q, want %q", id, got, want)
		}
	}
}
