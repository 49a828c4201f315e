package webclient_test

import (
	"net/http"
	"testing"

	"github.com/grpcaud/grpcaud/internal/webclient"
)

// TestRedirectHostRepeatsNothingElse shows that only the scheme and the host of an address
// are returned.
func TestRedirectHostRepeatsNothingElse(t *testing.T) {
	for location, want := range map[string]string{
		"https://login.example.com:8443/in?code=secret#x": "https://login.example.com:8443",
		"https://user:secret@login.example.com/":          "https://login.example.com",
		"/login?code=secret":                              "",
		"https://login example.com/":                      "",
		"":                                                "",
	} {
		if got := webclient.RedirectHost(http.Header{"Location": {location}}); got != want {
			t.Errorf("RedirectHost(%q) = %q, want %q", location, got, want)
		}
	}
}
