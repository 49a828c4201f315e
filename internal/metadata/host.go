package metadata

import (
	"errors"
	"fmt"
	"net/url"
	"strings"
)

// subdomain refuses an address that is neither on the host of origin nor on a
// subdomain of it. The port may differ, and https may replace http, since clients
// present certificates only over TLS.
func subdomain(address, origin string) error {
	a, o, err := parse(address, origin)
	if err != nil {
		return err
	}
	host, parent := a.Hostname(), o.Hostname()
	if a.Scheme != o.Scheme && a.Scheme != "https" || a.User != nil || host != parent && !strings.HasSuffix(host, "."+parent) {
		return fmt.Errorf("%.128q is not on %s://%s, nor below it", a.Redacted(), o.Scheme, parent)
	}
	return nil
}

func parse(address, origin string) (a, o *url.URL, err error) {
	a, err = url.Parse(address)
	if err != nil || a.Host == "" {
		return nil, nil, errors.New("not an absolute URL")
	}
	o, err = url.Parse(origin)
	return a, o, err
}
