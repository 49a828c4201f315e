package idp

import (
	"context"
	"embed"
	"encoding/json"
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/grpcaud/grpcaud/testutil"
)

const oidcProviderVersion = "9.13.3" // as in package.json

//go:embed oidcprovider/*.mjs oidcprovider/*.json
var oidcProviderFiles embed.FS

// OIDCProvider returns the server made with oidc-provider 9.13.3, of Node.js.
// It has resources (RFC 8707), access tokens by RFC 9068 and, by a grant that this
// package adds, token exchange (RFC 8693) for clients that the token is addressed to.
//
// An audience is requested by resource: urn:acme:order-status, and so on. The
// clients are customer-portal, backoffice-portal, order-status and night-worker, with the
// secrets of [Secret], and
//
//   - batch, which authenticates with [Server.Key];
//   - batch-mtls, which authenticates with a certificate of [Server.CA] for
//     the name batch-mtls, and whose tokens are bound to it (RFC 8705);
//   - auditor, which can ask for urn:acme:order-status:VARIANT: signed with
//     PS256, ES256, EdDSA or Ed25519; opaque, for introspection; short, for
//     three seconds; several and several-no-azp, for two audiences; bad-azp,
//     no-client, no-exp; or as auth0, entra and okta write them.
//
// Users log in at customer-portal and backoffice-portal with any name and password. A
// refresh token needs the scope offline_access and the prompt consent. A login that asks for no
// resource gets a token for the client itself. See [Server.Register] for further addresses.
func OIDCProvider(t testing.TB) *Server {
	t.Helper()
	ask(t, "oidc-provider")
	return given(t, oidcProvider)
}

var oidcProvider = sync.OnceValues(startOIDCProvider)

func startOIDCProvider() (*Server, error) {
	installed, err := cached("oidc-provider-"+oidcProviderVersion, func(dir string) error {
		if err := copyFiles(dir, oidcProviderFiles, "oidcprovider"); err != nil {
			return err
		}
		return run(dir, "npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund")
	})
	if err != nil {
		return nil, err
	}
	at, err := newSite()
	if err != nil {
		return nil, err
	}
	s := &Server{Product: "oidc-provider " + oidcProviderVersion, Issuer: "http://" + at.addr, TLS: "https://" + at.tls, Key: testutil.NewKey("ES256")}
	s.rotate = postRotate(s.Issuer)
	s.register = func(ctx context.Context, client string, metadata map[string]any) error {
		return call(ctx, http.MethodPost, s.Issuer+"/admin/clients", "", map[string]any{"client": client, "metadata": metadata}, nil)
	}
	s.tell = func(ctx context.Context, client, uri string) error {
		return s.Register(ctx, client, map[string]any{"backchannel_logout_uri": uri, "backchannel_logout_session_required": true})
	}
	s.process = &process{dir: at.dir, args: []string{"node", "server.mjs", at.addr, at.tls}, ready: answers(s.Issuer)}
	batch, err := json.Marshal([]any{s.Key.JWK()})
	if err != nil {
		return nil, err
	}
	if s.CA, err = at.certify(); err != nil {
		return nil, err
	}
	err = errors.Join(
		copyFiles(at.dir, oidcProviderFiles, "oidcprovider"),
		os.WriteFile(at.path("batch.json"), batch, 0o600),
		os.Symlink(filepath.Join(installed, "node_modules"), at.path("node_modules")),
	)
	if err != nil {
		return nil, err
	}
	return s, s.process.start()
}
