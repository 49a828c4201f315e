package extauthz

import (
	"strconv"
	"strings"

	"github.com/grpcaud/grpcaud/audience"
)

// These headers tell the service behind Envoy who calls. In each request that goes on,
// each of them is either set by this package or removed, also for public methods and for
// rules that are not enforced yet: no client can set them. A header is missing if its
// value would be empty, and all of them are missing if the request has no caller.
//
// Bytes other than printable ASCII, and spaces and percent signs, are written as % and
// two hexadecimal digits (RFC 3986, section 2.1). Lists are separated by spaces.
const (
	HeaderIssuer   = "x-grpcaud-issuer"   // the iss of the token
	HeaderClient   = "x-grpcaud-client"   // the id of the client
	HeaderUser     = "x-grpcaud-user"     // the subject for whom the client calls
	HeaderChain    = "x-grpcaud-chain"    // a list: the parties that act for the user, the latest first
	HeaderScopes   = "x-grpcaud-scopes"   // a list
	HeaderRoles    = "x-grpcaud-roles"    // a list
	HeaderAudience = "x-grpcaud-audience" // a list: the aud of the token
	HeaderExpiry   = "x-grpcaud-expiry"   // when the token ends, in seconds since 1970
)

// header is a header that is to be set.
type header struct{ name, value string }

// callerHeaders returns the headers about a caller, which may be nil. The value of one
// that is to be removed is empty.
func callerHeaders(c *audience.Caller) []header {
	expiry := ""
	if c == nil {
		c = &audience.Caller{}
	}
	if !c.Expiry.IsZero() {
		expiry = strconv.FormatInt(c.Expiry.Unix(), 10)
	}
	return []header{
		{HeaderIssuer, headerValue(c.Issuer)},
		{HeaderClient, headerValue(c.Client)},
		{HeaderUser, headerValue(c.User)},
		{HeaderChain, headerValue(c.Chain...)},
		{HeaderScopes, headerValue(c.Scopes...)},
		{HeaderRoles, headerValue(c.Roles...)},
		{HeaderAudience, headerValue(c.Audience...)},
		{HeaderExpiry, expiry},
	}
}

// headerValue writes a list of texts as a header.
func headerValue(list ...string) string {
	const hex = "0123456789ABCDEF"
	b := strings.Builder{}
	for i, text := range list {
		if i > 0 {
			b.WriteByte(' ')
		}
		for _, c := range []byte(text) {
			if c > ' ' && c <= '~' && c != '%' {
				b.WriteByte(c)
				continue
			}
			b.WriteString("%" + string(hex[c>>4]) + string(hex[c&15]))
		}
	}
	return b.String()
}
