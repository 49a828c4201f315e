package matrixissuer

import (
	"crypto/x509"
	"maps"
	"net/http"
	"slices"
	"time"

	"github.com/grpcaud/grpcaud/audience/access"
	"github.com/grpcaud/grpcaud/testutil"
)

// Option adjusts [For].
type Option interface{ apply(*options) }

type options struct {
	base        string
	alias       string
	lifetime    time.Duration
	secret      func(variable string) string
	users       []testutil.User
	frontEnds   map[string]FrontEnd // by client, as the file names it
	backchannel http.RoundTripper
	certify     func(client string) (access.CertificateRef, *x509.Certificate, error)
}

type optionFunc func(*options)

func (f optionFunc) apply(o *options) { f(o) }

// usersByName returns the users by their names.
func (o *options) usersByName() map[string]testutil.User {
	users := map[string]testutil.User{}
	for _, u := range o.users {
		users[u.Name] = u
	}
	return users
}

// At moves the issuers below base, a URL of a loopback address such as
// "http://127.0.0.1:8080": the issuer corp is then at base/corp. The default is the
// address that the matrix has.
func At(base string) Option { return optionFunc(func(o *options) { o.base = base }) }

// Lifetime sets how long tokens are valid. The default is five minutes, or the longest
// lifetime that the matrix accepts from the issuer if that is less.
func Lifetime(d time.Duration) Option { return optionFunc(func(o *options) { o.lifetime = d }) }

// Users are the users who can log in, at each issuer. Their roles are written as the
// preset of the issuer has them. A user with the name of a client is an error, and so is a
// claim that the issuer itself writes, such as aud. The default is none.
func Users(users ...testutil.User) Option {
	users = slices.Clone(users)
	for i, u := range users {
		users[i].Roles, users[i].Claims = slices.Clone(u.Roles), maps.Clone(u.Claims)
	}
	return optionFunc(func(o *options) { o.users = users })
}

// Secrets sets how the secret for an environment variable is made. The default is a random
// text. A test that runs in parallel with others of its process has its secrets in the same
// environment, and needs the same.
func Secrets(secret func(variable string) string) Option {
	return optionFunc(func(o *options) { o.secret = secret })
}

// Certificates sets how a client that the matrix lets authenticate with a certificate gets
// one. It is called once for each such client. Alias is the base URL at which the issuers
// are served over TLS for these clients: see [testutil.MutualTLSAlias]. The default is that
// such a client has a secret.
func Certificates(alias string, certify func(client string) (access.CertificateRef, *x509.Certificate, error)) Option {
	return optionFunc(func(o *options) { o.alias, o.certify = alias, certify })
}
