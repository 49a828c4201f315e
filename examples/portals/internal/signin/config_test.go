package signin_test

import (
	"context"
	"log/slog"
	"net/http"

	"golang.org/x/oauth2"

	"github.com/grpcaud/grpcaud/examples/portals/internal/signin"
	"github.com/grpcaud/grpcaud/examples/portals/internal/web"
)

type configRow struct {
	name   string
	change func(*signin.Config)
	want   string
}

// configs are configurations that lack one thing.
func configs() []configRow {
	return []configRow{
		{"issuer", func(c *signin.Config) { c.Issuer = "" }, "no identity provider"},
		{"client id", func(c *signin.Config) { c.ClientID = "" }, "no client id"},
		{"secret", func(c *signin.Config) { c.Secret = "" }, "no client secret"},
		{"network", func(c *signin.Config) { c.Network = nil }, "no network"},
		{"calls", func(c *signin.Config) { c.Calls = nil }, "no context for calls"},
		{"log", func(c *signin.Config) { c.Log = nil }, "no log"},
		{"idle", func(c *signin.Config) { c.Idle = -1 }, "less than 0"},
		{"life", func(c *signin.Config) { c.Life = -1 }, "less than 0"},
	}
}

// newHandler returns the sign-in of a complete configuration after a change.
func newHandler(site *web.Site, change func(*signin.Config)) (*signin.Handler, error) {
	c := signin.Config{
		Issuer: "https://idp.example.com", ClientID: "portal", Secret: "s", Network: http.DefaultTransport,
		Calls: func(ctx context.Context, _ oauth2.TokenSource) (context.Context, error) { return ctx, nil },
		Log:   slog.New(slog.DiscardHandler),
	}
	change(&c)
	return signin.New(site, c)
}
