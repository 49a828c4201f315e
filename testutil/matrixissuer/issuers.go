package matrixissuer

import (
	"cmp"
	"crypto/rand"
	"crypto/x509"
	"errors"
	"net/http"
	"net/url"
	"reflect"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/grpcaud/grpcaud/audience/access"
	"github.com/grpcaud/grpcaud/testutil"
)

// Issuers are the authorization servers of an access matrix. Make them with [For]. The
// value is an [http.Handler] that serves all issuers, and safe for concurrent use.
type Issuers struct {
	options options
	state   atomic.Pointer[state]

	mu           sync.Mutex             // guards the fields below, and changes of state
	secrets      map[string]string      // by environment variable
	certificates map[string]certificate // by client, as the file names it
}

// state is what follows from one policy. It is immutable, apart from the issuers.
type state struct {
	policy  *access.Policy
	matrix  access.Matrix            // of policy
	issuers map[string]*playedIssuer // by name
}

// playedIssuer is one issuer, with its entry in the derived matrix.
type playedIssuer struct {
	*testutil.Issuer
	entry   access.Issuer
	clients map[string]bool              // the ids of the registered clients
	writer  *atomic.Pointer[tokenWriter] // of the claims of its tokens
}

// certificate is what a client authenticates with.
type certificate struct {
	ref  access.CertificateRef
	cert *x509.Certificate
}

// For returns the issuers of a policy.
func For(policy *access.Policy, opts ...Option) (*Issuers, error) {
	i := &Issuers{secrets: map[string]string{}, certificates: map[string]certificate{}}
	i.options.secret = func(string) string { return rand.Text() }
	for _, o := range opts {
		if o == nil {
			return nil, errors.New("matrixissuer: a nil option")
		}
		o.apply(&i.options)
	}
	switch {
	case i.options.lifetime < 0:
		return nil, errors.New("matrixissuer: a lifetime of less than 0")
	case i.options.secret == nil:
		return nil, errors.New("matrixissuer: no function for secrets")
	}
	i.state.Store(&state{})
	if err := i.Swap(policy); err != nil {
		return nil, err
	}
	return i, nil
}

// Swap replaces the policy. Issuers of the same entry keep their keys, and clients of the
// same name keep their secrets. If it returns an error, nothing has changed.
func (i *Issuers) Swap(policy *access.Policy) error {
	if policy == nil {
		return errors.New("matrixissuer: no policy")
	}
	i.mu.Lock()
	defer i.mu.Unlock()
	derived, err := i.deriveLocked(policy)
	if err != nil {
		return err
	}
	m := derived.Matrix()
	if err := cmp.Or(i.checkUsers(m), i.checkFrontEnds(m)); err != nil {
		return err
	}
	old, next := i.state.Load(), &state{policy: derived, matrix: m, issuers: map[string]*playedIssuer{}}
	for name, entry := range m.Issuers {
		played := old.issuers[name]
		if played == nil || !reflect.DeepEqual(played.entry, entry) {
			played = i.play(entry)
		}
		i.registerLocked(next, name, played)
		next.issuers[name] = played
	}
	i.state.Store(next)
	return nil
}

// Policy returns the policy with the same rules for the played issuers: they have the
// addresses that [At] sets, and each client authenticates with a secret in an environment
// variable, or with the certificate that [Certificates] made.
func (i *Issuers) Policy() *access.Policy { return i.state.Load().policy }

// Environment returns the secrets of the clients, by the environment variables that
// [Issuers.Policy] names. If the matrix names a variable for a client's secret, the client
// keeps that variable.
func (i *Issuers) Environment() map[string]string {
	i.mu.Lock()
	defer i.mu.Unlock()
	current := map[string]string{}
	m := i.state.Load().matrix
	for _, c := range m.Clients {
		current[c.Secret.Env] = i.secrets[c.Secret.Env]
	}
	for _, issuer := range m.Issuers {
		current[issuer.Introspection.Secret.Env] = i.secrets[issuer.Introspection.Secret.Env]
	}
	delete(current, "")
	return current
}

// Issuer returns the issuer of that name in the matrix, to revoke a token or to fail on
// command; nil if there is none.
func (i *Issuers) Issuer(name string) *testutil.Issuer {
	if played := i.state.Load().issuers[name]; played != nil {
		return played.Issuer
	}
	return nil
}

// Rotate gives each issuer a new signing key. The key before stays published; older keys
// are withdrawn.
func (i *Issuers) Rotate() {
	for _, played := range i.state.Load().issuers {
		played.Retire()
		played.Rotate("ES256")
	}
}

// Transport returns a transport to the issuers that does not leave the process; see
// [testutil.Issuer.Transport].
func (i *Issuers) Transport() http.RoundTripper { return transport{i} }

type transport struct{ issuers *Issuers }

// RoundTrip implements [http.RoundTripper].
func (t transport) RoundTrip(r *http.Request) (*http.Response, error) {
	var all []*testutil.Issuer
	for _, played := range t.issuers.state.Load().issuers {
		all = append(all, played.Issuer)
	}
	return all[0].Transport(all[1:]...).RoundTrip(r)
}

// ServeHTTP serves the issuers below the paths of their URLs.
func (i *Issuers) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	var at *playedIssuer // with the longest path, since one may be below another
	length := -1
	for _, played := range i.state.Load().issuers {
		u, err := url.Parse(played.URL())
		if path := strings.TrimSuffix(u.Path, "/"); err == nil && belongs(r.URL.Path, path) && len(path) > length {
			at, length = played, len(path)
		}
	}
	if at == nil {
		http.NotFound(w, r)
		return
	}
	at.ServeHTTP(w, r)
}

// belongs reports whether a path is below base, the path of an issuer, or is the path of
// its metadata (RFC 8414, section 3.1).
func belongs(path, base string) bool {
	return strings.HasPrefix(path, base+"/") || strings.HasPrefix(path, "/.well-known/") && strings.HasSuffix(path, base)
}
