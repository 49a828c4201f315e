package tokensource

import (
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"github.com/grpcaud/grpcaud/internal/loopback"
)

// InsecureHTTP accepts plain http for endpoints on these hosts, which are named without
// ports; without hosts, for endpoints on loopback addresses and localhost. Secrets and
// tokens then travel without protection. The default is https everywhere.
func InsecureHTTP(hosts ...string) OAuthOption {
	return oauthOption(func(o *oauthOptions) {
		o.plain.loopback = o.plain.loopback || len(hosts) == 0
		o.plain.hosts = append(o.plain.hosts, hosts...)
	})
}

// plainHTTP says for which hosts plain http is accepted; the zero value accepts it for
// none.
type plainHTTP struct {
	loopback bool
	hosts    []string
}

func (p plainHTTP) accepts(host string) bool {
	return p.loopback && loopback.Host(host) || slices.ContainsFunc(p.hosts, func(h string) bool { return strings.Trim(h, "[]") == host })
}

// check refuses a URL that a secret must not be sent to.
func (p plainHTTP) check(text string) error {
	u, err := url.Parse(text)
	switch {
	case err != nil || u.User != nil || u.Host == "" && strings.Contains(text, "@"): // the text may hold a password
		return errors.New("want a URL, and no user and password in it")
	case u.Host == "" || u.Fragment != "":
		return fmt.Errorf("got %s, want an https URL with a host and no fragment", quote(text))
	case u.Scheme == "https", u.Scheme == "http" && p.accepts(u.Hostname()):
		return nil
	case u.Scheme == "http" && loopback.Host(u.Hostname()):
		return errors.New("got http, want https (or the option InsecureHTTP)")
	}
	return fmt.Errorf("got scheme %s, want https", quote(u.Scheme))
}
