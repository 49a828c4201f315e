package matrixissuer

import (
	"fmt"
	"maps"
	"net/http"
	"slices"

	"github.com/grpcaud/grpcaud/audience/access"
	"github.com/grpcaud/grpcaud/testutil"
)

// FrontEnd is what an issuer knows of a client at which users log in. See the fields of
// these names of [testutil.Client].
type FrontEnd struct {
	RedirectURIs           []string
	PostLogoutRedirectURIs []string
	BackchannelLogoutURI   string
	Consent                bool
}

// FrontEnds registers what the matrix does not say of clients at which users log in, by the
// names of the clients in the matrix. A name that the matrix does not have is an error. The
// default is that a login may lead to any address on this machine, and that no client is
// told of a logout.
func FrontEnds(byClient map[string]FrontEnd) Option {
	byClient = maps.Clone(byClient)
	return optionFunc(func(o *options) { o.frontEnds = byClient })
}

// BackchannelTransport sets what carries logout tokens to the clients: see
// [testutil.BackchannelTransport].
func BackchannelTransport(t http.RoundTripper) Option {
	return optionFunc(func(o *options) { o.backchannel = t })
}

// add adds what is known of a front end to its registration.
func (f FrontEnd) add(c *testutil.Client) {
	c.RedirectURIs, c.PostLogoutRedirectURIs = f.RedirectURIs, f.PostLogoutRedirectURIs
	c.BackchannelLogoutURI, c.Consent = f.BackchannelLogoutURI, f.Consent
}

// checkFrontEnds refuses front ends that the matrix does not have, or with addresses that
// cannot be registered.
func (i *Issuers) checkFrontEnds(m access.Matrix) error {
	for _, name := range slices.Sorted(maps.Keys(i.options.frontEnds)) {
		c, ok := m.Clients[name]
		if !ok {
			return fmt.Errorf("matrixissuer: front end %q: the matrix has no client of this name: want one of %q", name, slices.Sorted(maps.Keys(m.Clients)))
		}
		r := testutil.Client{ID: c.ID}
		i.options.frontEnds[name].add(&r)
		if err := r.Validate(); err != nil {
			return fmt.Errorf("matrixissuer: front end %q: %w", name, err)
		}
	}
	return nil
}
