package idp_test

import (
	_ "embed"
	"strings"
	"testing"

	"github.com/grpcaud/grpcaud/internal/idp"
)

//go:embed testdata/envoy.yaml
var greeting []byte

func TestEnvoy(t *testing.T) {
	p := idp.Envoy(t, greeting)
	if got := fetch(t, "http://"+p.Addr("front")); got != "hello" {
		t.Errorf("got %q, want hello", got)
	}
	if got := fetch(t, p.Admin+"/ready"); strings.TrimSpace(got) != "LIVE" {
		t.Errorf("got %q, want LIVE", got)
	}
	if got := p.Addr("back"); got != "" {
		t.Errorf("got %q for a listener that is not there, want none", got)
	}
	if got := verdict(t, func(t testing.TB) { idp.Envoy(t, []byte("static_resources: {listener: []}")) }); !strings.Contains(got, "listener") {
		t.Errorf("got %q, want what Envoy says of the mistake", got)
	}
}
