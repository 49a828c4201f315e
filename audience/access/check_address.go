package access

import (
	"errors"
	"maps"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/grpcaud/grpcaud/internal/loopback"
)

// address is an address of an issuer, with its key in the file.
type address struct {
	key path
	url string
}

// addressesOf lists the addresses of an issuer in the matrix that are not empty. The
// url is one of them if metadata is read there.
func (c *checker) addressesOf(a path, issuer Issuer) []address {
	all := []address{
		{a.to("discovery"), issuer.Discovery},
		{a.to("jwks"), issuer.JWKS},
		{a.to("token_url"), issuer.TokenURL},
		{a.to("introspection", "url"), issuer.Introspection.URL},
	}
	if issuer.Discovery == "" && (issuer.serversReadMetadata() || len(c.clientsReadMetadata(a[1], issuer)) > 0) {
		all = append(all, address{a.to("url"), issuer.URL})
	}
	for _, service := range slices.Sorted(maps.Keys(issuer.Ask.TokenURLs)) {
		all = append(all, address{a.to("ask", "token_urls", service), issuer.Ask.TokenURLs[service]})
	}
	return slices.DeleteFunc(all, func(at address) bool { return at.url == "" })
}

// serversReadMetadata reports whether servers read the metadata of i, for its keys or
// for its introspection endpoint.
func (i Issuer) serversReadMetadata() bool {
	asks := i.Introspection != (Introspection{}) && i.Introspection.URL == ""
	return asks || !i.Introspected() && i.KeysFile == "" && i.JWKS == ""
}

// clientsReadMetadata returns the clients of an issuer that find its token endpoint in
// its metadata, sorted.
func (c *checker) clientsReadMetadata(name string, issuer Issuer) []string {
	if issuer.TokenURL != "" || len(issuer.Ask.TokenURLs) > 0 {
		return nil
	}
	var clients []string
	for _, client := range slices.Sorted(maps.Keys(c.matrix.Clients)) {
		settings := c.matrix.Clients[client]
		if len(settings.ways()) > 0 && len(settings.TokenFiles) == 0 && c.registeredAt(settings, name) {
			clients = append(clients, client)
		}
	}
	return clients
}

// registeredAt reports whether a client is one of the issuer of that name.
func (c *checker) registeredAt(client Client, issuer string) bool {
	return client.Issuer == issuer || client.Issuer == "" && len(c.matrix.Issuers) == 1
}

// addresses checks the addresses of an issuer, and its url where it is only a name.
func (c *checker) addresses(a path, issuer Issuer) {
	c.identifier(a.to("url"), issuer)
	clients := c.clientsReadMetadata(a[1], issuer)
	for _, at := range c.addressesOf(a, issuer) {
		switch what := issuer.unsafe(at.url); {
		case what == "", at.key[2] == "url" && hasPlaceholder(at.url):
		case at.key[2] != "url":
			c.problem(at.key, "%s", what)
		case issuer.serversReadMetadata():
			c.problem(at.key, "%s; its metadata is read there: if it is only a name, say by keys_file, jwks or discovery where the keys are", what)
		default:
			for _, client := range clients {
				c.problem(path{"clients", client}, "the url of issuer %q is only a name, and does not tell where this client gets tokens: write token_url or discovery there", a[1])
			}
		}
	}
	if issuer.Discovery != "" && !issuer.serversReadMetadata() && len(clients) == 0 {
		c.problem(a.to("discovery"), "nothing is looked up in its metadata: the keys, and whatever clients need, have addresses of their own")
	}
	c.hosts(a, issuer, issuer.serversReadMetadata() || len(clients) > 0)
	c.insecureHosts(a, issuer)
}

// identifier checks what the tokens of an issuer have in iss: text without control
// characters, and a URI if it has a colon (RFC 7519, section 2).
func (c *checker) identifier(a path, issuer Issuer) {
	u, err := url.Parse(issuer.URL)
	switch {
	case strings.TrimSpace(issuer.URL) != issuer.URL || strings.ContainsFunc(issuer.URL, func(r rune) bool { return r < ' ' || r == 0x7f }):
		c.problem(a, "%q begins or ends with white space, or has a control character", withoutUser(issuer.URL))
	case strings.Contains(issuer.URL, ":") && (err != nil || !u.IsAbs()):
		c.problem(a, "%q has a colon and is not an absolute URL, such as https://idp.example.com", withoutUser(issuer.URL))
	case err == nil && u.User != nil:
		c.problem(a, "%q must have neither query, nor fragment, nor user", u.Redacted())
	}
}

// withoutUser returns what follows the last @ of an address: what comes before it may
// hold a password.
func withoutUser(address string) string { return address[strings.LastIndexByte(address, '@')+1:] }

// CheckAddress returns an error that says why nothing must be sent to an address of i; nil
// if it may be. It is https, without query, fragment and user, or plain http where the
// matrix accepts that for i.
func (i Issuer) CheckAddress(address string) error {
	if why := i.unsafe(address); why != "" {
		return errors.New(why)
	}
	return nil
}

// unsafe says why an address must not be asked; empty if it may be. It is https,
// without query, fragment and user (RFC 8414, section 2).
func (i Issuer) unsafe(address string) string {
	if hasPlaceholder(address) {
		return strconv.Quote(withoutUser(address)) + " has a placeholder: write the value"
	}
	u, err := url.Parse(address)
	switch {
	case err != nil || u.Host == "" || strings.ContainsFunc(address, func(r rune) bool { return r <= ' ' || r == 0x7f }):
		return strconv.Quote(withoutUser(address)) + " is not an absolute URL, such as https://idp.example.com"
	case u.RawQuery != "" || u.ForceQuery || u.Fragment != "" || u.User != nil:
		return strconv.Quote(u.Redacted()) + " must have neither query, nor fragment, nor user"
	case u.Scheme == "https", u.Scheme == "http" && i.allowsPlain(u.Hostname()):
		return ""
	}
	return strconv.Quote(address) + " is not https; plain http is accepted on a loopback address only, with insecure: loopback, or on a host that insecure: {host: …} names"
}

// allowsPlain reports whether i may be asked over plain http at a host.
func (i Issuer) allowsPlain(host string) bool {
	return i.InsecureLoopback && loopback.Host(host) || slices.ContainsFunc(i.InsecureHosts, func(named string) bool { return strings.Trim(named, "[]") == host })
}

// insecureHosts checks the hosts at which plain http is accepted. A host that no address
// of the issuer has is a mistake.
func (c *checker) insecureHosts(a path, issuer Issuer) {
	onLoopback := func(x address) bool {
		u, err := url.Parse(x.url)
		return err == nil && u.Scheme == "http" && loopback.Host(u.Hostname())
	}
	if issuer.InsecureLoopback && slices.ContainsFunc(c.addressesOf(a, issuer), onLoopback) {
		c.warn(a.to("insecure"), "the issuer is a process on the machine itself, for development only: whoever can listen there decides which tokens are genuine")
	}
	for i, host := range issuer.InsecureHosts {
		at := a.to("insecure", "host")
		if len(issuer.InsecureHosts) > 1 {
			at = a.to("insecure").item("host", i)
		}
		plain := func(x address) bool {
			u, err := url.Parse(x.url)
			return err == nil && u.Scheme == "http" && u.Hostname() == strings.Trim(host, "[]")
		}
		switch places := slices.DeleteFunc(c.addressesOf(a, issuer), func(x address) bool { return !plain(x) }); {
		case !isHost(host) || strings.HasSuffix(host, ":") || (&url.URL{Host: host}).Port() != "":
			c.problem(at, "%q is not a host without a port, such as keycloak", host)
		case len(places) == 0:
			c.problem(at, "no address of this issuer is http://%s: remove the exception", host)
		default:
			c.warn(at, "requests go to %s over plain http: whoever can change that traffic decides which tokens are genuine, and reads the secrets of clients", host)
		}
	}
}

// hasPlaceholder reports whether an address has a part that must be replaced by a value.
func hasPlaceholder(address string) bool {
	return strings.ContainsAny(address, "{}") || unfilled(address) != ""
}

// filled warns of a value with a variable in it.
func (c *checker) filled(a path, value string) {
	if text := unfilled(value); text != "" {
		c.warn(a, "%s is taken literally: variables are not filled in here, so write the value", text)
	}
}

// unfilled returns the part of a value that looks like a variable of a shell, of
// Kubernetes or of a template; empty if there is none. The file fills in no variables.
func unfilled(value string) string { return variable.FindString(value) }

var variable = regexp.MustCompile(`\$\{[^}]*\}?|\$\([^)]*\)?|\$[A-Za-z_][A-Za-z0-9_]*|\{\{.*`)

// hosts checks the hosts that the metadata may name.
func (c *checker) hosts(a path, issuer Issuer, read bool) {
	if len(issuer.Hosts) > 0 && !read {
		c.problem(a.to("hosts"), "no metadata of this issuer is read, since every address is written here, or nothing needs one: take hosts out")
	}
	for i, host := range issuer.Hosts {
		switch {
		case !isHost(host):
			c.problem(a.item("hosts", i), "%q is not a host, or a host and a port, such as keys.example.com; hosts are compared exactly", host)
		case slices.Contains(issuer.Hosts[:i], host):
			c.problem(a.item("hosts", i), "%q is listed twice", host)
		}
	}
}

// isHost reports whether text is a host, with or without a port.
func isHost(text string) bool {
	u, err := url.Parse("//" + text)
	return err == nil && u.Host == text && u.Hostname() != "" && !strings.ContainsAny(text, " *")
}
