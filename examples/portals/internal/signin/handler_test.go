package signin

import (
	"context"
	"log/slog"
	"net/http"
	"testing"
	"testing/fstest"

	"golang.org/x/oauth2"

	"github.com/grpcaud/grpcaud/examples/portals/internal/web"
)

// newTestHandler returns a sign-in whose provider is never asked.
func newTestHandler(t *testing.T) *Handler {
	t.Helper()
	site := &web.Site{Name: "Test portal", Origin: "http://customer.localhost"}
	if err := site.ReadPages(fstest.MapFS{}); err != nil {
		t.Fatal(err)
	}
	h, err := New(site, Config{
		Issuer: "https://idp.example.com", ClientID: "portal", Secret: "s", Network: http.DefaultTransport,
		Calls: func(ctx context.Context, _ oauth2.TokenSource) (context.Context, error) { return ctx, nil },
		Log:   slog.New(slog.DiscardHandler),
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(h.Close)
	return h
}
