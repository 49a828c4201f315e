package idp

import (
	"encoding/json"
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

const (
	keycloakVersion = "26.7.3"

	// keycloakHash is the SHA-256 of its distribution, a tar.gz.
	keycloakHash = "77657f30b7e90d70f727712ce1c967f430fd6a5e9f458d32d8c6df0635345f47"

	// keycloakFeatures are switched on beside the default ones. Shared signals are off all
	// the same in a realm that does not say otherwise.
	keycloakFeatures = "ssf"
)

// keycloakFolder is its name in the cache. It is built for its features there.
func keycloakFolder() string {
	return pinned("keycloak-"+keycloakVersion, keycloakHash+keycloakFeatures)
}

// Keycloak imports realm, as JSON, into a running Keycloak 26.7.3. The realm is deleted
// when t ends, so that the next test does not see what this one changed by
// [Realm.Admin]. Realms that exist at the same time need different names.
//
// Clients, secrets and users are those of realm. A client that authenticates
// with a certificate of [Server.CA] has the subject CN=testutil.
func Keycloak(t testing.TB, realm []byte) *Realm {
	t.Helper()
	ask(t, "keycloak")
	var named struct{ Realm string }
	if err := json.Unmarshal(realm, &named); err != nil || named.Realm == "" {
		t.Fatalf("idp: keycloak: got no JSON of a realm with a name: %v", err)
	}
	r := newRealm(given(t, keycloak), named.Realm)
	if err := r.admin(t.Context(), http.MethodPost, "", json.RawMessage(realm), nil); err != nil {
		t.Fatalf("idp: keycloak: import of realm %s: %v", r.Name, err)
	}
	t.Cleanup(func() { r.remove(t) })
	return r
}

var keycloak = sync.OnceValues(startKeycloak)

// startKeycloak starts Keycloak without a realm for tests. The issuer of the server is
// the URL above all realms.
func startKeycloak() (*Server, error) {
	dist, err := cached(keycloakFolder(), installKeycloak)
	if err != nil {
		return nil, err
	}
	at, err := newSite()
	if err != nil {
		return nil, err
	}
	s := &Server{Product: "Keycloak " + keycloakVersion, Issuer: "http://" + at.addr, TLS: "https://" + at.tls}
	if s.CA, err = at.certify(); err != nil {
		return nil, err
	}
	if err := furnish(at, dist); err != nil {
		return nil, err
	}
	s.process = keycloakProcess(at,
		"--https-port="+port(at.tls), "--https-certificate-file="+at.path("tls.pem"), "--https-certificate-key-file="+at.path("tls.key"),
		"--https-client-auth=request", "--https-trust-store-file="+at.path("ca.pem"), "--https-trust-store-type=PEM")
	return s, s.process.start()
}

// installKeycloak checks the hash of the distribution, unpacks it into dir and starts it
// once: Keycloak then builds itself and makes its database, which takes longest.
func installKeycloak(dir string) error {
	const name = "keycloak-quarkus-dist"
	err := run(dir, "mvn", "-B", "-q", "-C", "org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy",
		"-Dartifact=org.keycloak:"+name+":"+keycloakVersion+":tar.gz", "-DoutputDirectory="+dir)
	if err != nil {
		return err
	}
	if err := unpack(dir, filepath.Join(dir, name+"-"+keycloakVersion+".tar.gz"), keycloakHash); err != nil {
		return err
	}
	root := filepath.Join(dir, "keycloak-"+keycloakVersion)
	addr, err := freeAddr()
	if err != nil {
		return err
	}
	p := keycloakProcess(site{dir: root, addr: addr})
	if err := p.start(); err != nil {
		return err
	}
	p.stop()
	return nil
}

// furnish makes at a home directory for Keycloak: links to what Keycloak only reads in
// dist, and copies of its data and of its script, by which it finds its home directory.
func furnish(at site, dist string) error {
	dist = filepath.Join(dist, "keycloak-"+keycloakVersion)
	script, err := os.ReadFile(filepath.Join(dist, "bin", "kc.sh"))
	if err != nil {
		return err
	}
	err = errors.Join(
		os.Mkdir(at.path("bin"), 0o755),
		os.WriteFile(at.path("bin/kc.sh"), script, 0o755),
		os.CopyFS(at.path("data"), os.DirFS(filepath.Join(dist, "data"))),
	)
	for _, shared := range []string{"conf", "lib", "providers", "themes"} {
		err = errors.Join(err, os.Symlink(filepath.Join(dist, shared), at.path(shared)))
	}
	return err
}

// keycloakProcess returns Keycloak in development mode, which needs no
// certificate. The optimizing compiler is off: it takes longer than it saves.
func keycloakProcess(at site, more ...string) *process {
	url := "http://" + at.addr
	return &process{
		dir: at.dir,
		args: append([]string{
			at.path("bin/kc.sh"), "start-dev", "--hostname=" + url,
			"--http-host=127.0.0.1", "--http-port=" + port(at.addr), "--features=" + keycloakFeatures,
			"--spi-ssf-transmitter--default--outbox-drainer-interval=1s", "--spi-ssf-transmitter--default--allow-insecure-push-targets=true",
		}, more...),
		env: []string{
			"KC_BOOTSTRAP_ADMIN_USERNAME=" + adminName, "KC_BOOTSTRAP_ADMIN_PASSWORD=" + adminName,
			"JAVA_OPTS_APPEND=-XX:TieredStopAtLevel=1",
		},
		ready: answers(url + "/realms/master"),
	}
}

func port(addr string) string { return addr[strings.LastIndex(addr, ":")+1:] }
