package testutil_test

import (
	"encoding/json"
	"net/http"
	"testing"

	"github.com/grpcaud/grpcaud/testutil"
)

func TestAlterChangesTheResponse(t *testing.T) {
	issuer := corp()
	honest := get(t, issuer, issuerURL+string(testutil.Discovery))
	issuer.Fault(testutil.Discovery, issuer.Alter(testutil.Discovery, func(answer map[string]any) {
		answer["token_endpoint"] = "https://evil.example"
		answer["expires_in"] = json.RawMessage("1e18")
		delete(answer, "jwks_uri")
	}))
	got := get(t, issuer, issuerURL+string(testutil.Discovery))
	var members map[string]json.RawMessage
	if err := json.Unmarshal([]byte(got.body), &members); err != nil {
		t.Fatal(err)
	}
	if string(members["token_endpoint"]) != `"https://evil.example"` || string(members["expires_in"]) != "1e18" || members["jwks_uri"] != nil || members["issuer"] == nil {
		t.Errorf("altered: got %s", got.body)
	}
	if got.status != http.StatusOK || got.header.Get("Content-Type") != honest.header.Get("Content-Type") {
		t.Errorf("altered: got status %d, %v; want those of the honest answer", got.status, got.header)
	}
	issuer.Fault(testutil.Discovery, issuer.Truncate(testutil.Discovery, 20))
	if got := get(t, issuer, issuerURL+string(testutil.Discovery)); got.body != honest.body[:20] || got.status != http.StatusOK {
		t.Errorf("truncated: got %q", got.body)
	}
	issuer.Fault(testutil.Discovery, issuer.Truncate(testutil.Discovery, 1<<20))
	if got := get(t, issuer, issuerURL+string(testutil.Discovery)); got.body != honest.body {
		t.Errorf("not truncated: got %q", got.body)
	}
}

// What is no JSON object stays as it is.
func TestAlterLeavesOtherResponses(t *testing.T) {
	issuer := corp()
	issuer.SetJWKS([]byte("[]"))
	issuer.Fault(testutil.JWKS, issuer.Alter(testutil.JWKS, func(map[string]any) { t.Error("called") }))
	if got := get(t, issuer, issuerURL+string(testutil.JWKS)).body; got != "[]" {
		t.Errorf("got %q, want []", got)
	}
	mustPanic(t, func() { issuer.Truncate(testutil.JWKS, -1) })
}
