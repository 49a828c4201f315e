package webclient_test

import (
	"encoding/pem"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/grpcaud/grpcaud/internal/webclient"
	"github.com/grpcaud/grpcaud/testutil"
)

// TestTrustFile shows that a server is trusted by the authorities in the file alone, as
// they are now.
func TestTrustFile(t *testing.T) {
	server := httptest.NewTLSServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	defer server.Close()
	path := filepath.Join(t.TempDir(), "ca.pem")
	base := &http.Transport{}
	trusting := webclient.TrustFile(path, base, nil)
	defer trusting.CloseIdleConnections()
	own := string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw}))
	for _, step := range []struct {
		name, content, want string // want: of the error; empty: there is none
	}{
		{"no file", "", "no such file"},
		{"the authority", own, ""},
		{"the same again", own, ""},
		{"no certificate", "hello\n", "no certificate in it"},
		{"another authority", strings.TrimSpace(otherAuthority), "unknown authority"},
		{"both", otherAuthority + own, ""},
	} {
		if step.content != "" {
			if err := os.WriteFile(path, []byte(step.content), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		response, err := webclient.New(trusting, 0).Get(server.URL)
		if err == nil {
			response.Body.Close()
		}
		if (err == nil) != (step.want == "") || err != nil && !strings.Contains(err.Error(), step.want) {
			t.Errorf("%s: got %v, want %q", step.name, err, step.want)
		}
	}
	if base.TLSClientConfig != nil && base.TLSClientConfig.RootCAs != nil {
		t.Error("the base transport was changed")
	}
}

// otherAuthority is one that signed nothing here.
var otherAuthority = string(testutil.NewCA().PEM())
