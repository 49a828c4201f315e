package idp

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"testing"
)

// Zitadel returns the server made with the Go library zitadel/oidc v3.45.0. It
// is built from the folder zitadel, a module of its own, so that the library
// enters nobody's go.sum. It has token exchange (RFC 8693) for clients to whom
// the token is addressed, and introspection for those and for the holder.
//
// An audience is asked for by scope, urn:zitadel:iam:org:project:id:NAME:aud,
// and in an exchange by audience. The clients are customer-portal,
// backoffice-portal, order-status and human-resource, with the secrets that
// [Secret] tells. The people alice and bob log in at the portals.
func Zitadel(t testing.TB) *Server {
	t.Helper()
	ask(t, "zitadel")
	return given(t, zitadel)
}

const zitadelVersion = "3.45.0" // as in go.mod

var zitadel = sync.OnceValues(startZitadel)

func startZitadel() (*Server, error) {
	_, file, _, ok := runtime.Caller(0)
	if !ok || !filepath.IsAbs(file) {
		return nil, fmt.Errorf("the source of zitadel cannot be found from %q; was the test built with -trimpath?", file)
	}
	at, err := newSite()
	if err != nil {
		return nil, err
	}
	if err := run(filepath.Join(filepath.Dir(file), "zitadel"), "go", "build", "-o", at.path("zitadel"), "."); err != nil {
		os.RemoveAll(at.dir)
		return nil, err
	}
	s := &Server{Product: "zitadel/oidc " + zitadelVersion, Issuer: "http://" + at.addr}
	s.rotate = postRotate(s.Issuer)
	s.process = &process{dir: at.dir, args: []string{"./zitadel", at.addr}, ready: answers(s.Issuer)}
	return s, s.process.start()
}
