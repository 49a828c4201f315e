package remedy

import (
	"encoding/hex"
	"fmt"
	"strings"
)

// IDToken says what an ID token is for.
const IDToken = "an ID token tells a client who logged in; call services with the access token"

// mostCompared is how many values of a token are compared, with at most mostWanted wanted
// ones, and longestCompared is how long a value may be. An unknown peer may send
// thousands, at a server of thousands of tenants.
const (
	mostCompared    = 16
	mostWanted      = 64
	longestCompared = 1024 // bytes
)

// NearMiss finds a value that is almost one of the wanted values, and names the only
// difference between the two. What is the plural of what they are: "audiences",
// "issuers", "ids", "scopes" or "roles".
func NearMiss(got, want []string, what string) string {
	g, w, by := nearest(got, want, what)
	if by == "" {
		return ""
	}
	return fmt.Sprintf("%.128q differs from %q only by %s, and %s are compared exactly", g, w, by, what)
}

// nearest returns the first value that is almost one of the wanted values, that wanted
// value, and the difference; empty texts if there is none.
func nearest(got, want []string, what string) (g, w, by string) {
	for _, g := range got[:min(len(got), mostCompared)] {
		for _, w := range want[:min(len(want), mostWanted)] {
			if by := difference(g, w, what); by != "" {
				return g, w, by
			}
		}
	}
	return "", "", ""
}

// difference names the differences between a and b, at most three; empty if they have
// little in common.
func difference(a, b, what string) string {
	if a == b || len(a) > longestCompared {
		return ""
	}
	if prefix, ok := prefixDifference(a, b); ok && (what == "scopes" || what == "roles") {
		return prefix
	}
	x, y := partsOf(a), partsOf(b)
	found, ok := x.differences(y, what)
	if !ok || x.host == "" || y.host == "" || len(found) == 0 || len(found) > 3 {
		return ""
	}
	last := len(found) - 1
	if last == 0 {
		return found[0]
	}
	return strings.Join(found[:last], ", ") + " and " + found[last]
}

// prefixDifference says that one of two names has a prefix up to a slash: the URI of
// an API before a scope, a client before a role.
func prefixDifference(a, b string) (string, bool) {
	long, short := a, b
	if len(a) < len(b) {
		long, short = b, a
	}
	prefix, ok := strings.CutSuffix(long, "/"+short)
	return fmt.Sprintf("the prefix %.64q", prefix+"/"), ok && short != "" && prefix != ""
}

// parts has the parts of a name that has the form of a URL.
type parts struct {
	spaced       bool // the name has white space around it
	scheme, host string
	port, path   string
	slash        bool // the name ends in a slash
}

func partsOf(s string) parts {
	p := parts{host: strings.TrimSpace(s)}
	p.spaced = p.host != s
	if scheme, rest, ok := strings.Cut(p.host, "://"); ok {
		p.scheme, p.host = scheme, strings.TrimLeft(rest, "/")
	}
	trimmed := strings.TrimRight(p.host, "/")
	p.slash, p.host = trimmed != p.host, trimmed
	if i := strings.IndexByte(p.host, '/'); i >= 0 {
		p.host, p.path = p.host[:i], p.host[i:]
	}
	if host, port, ok := strings.Cut(p.host, ":"); ok && port != "" && strings.Trim(port, "0123456789") == "" {
		p.host, p.port = host, port
	}
	return p
}

// differences lists the differences between x and y; false if they are unrelated.
func (x parts) differences(y parts, what string) ([]string, bool) {
	path, ok := x.pathDifference(y, what)
	sameHost := strings.EqualFold(x.host, y.host)
	moved := !sameHost && what == "issuers" && x.scheme != "" && y.scheme != "" && x.path != "" && x.path == y.path
	if !ok || !sameHost && !moved {
		return nil, false
	}
	folded := func(a, b string) bool { return a != b && strings.EqualFold(a, b) }
	var found []string
	add := func(differ bool, by string) {
		if differ {
			found = append(found, by)
		}
	}
	add(x.spaced != y.spaced, "white space")
	add(folded(x.host, y.host) || folded(x.path, y.path) || folded(x.scheme, y.scheme), "upper and lower case")
	add(!strings.EqualFold(x.scheme, y.scheme), "its scheme")
	add(moved, "its host")
	add(x.port != y.port, "the port"+x.portName(y))
	add(path != "", path)
	add(x.slash != y.slash, "a trailing slash")
	return found, true
}

// portName names the port that one of the two has; empty if both have one.
func (x parts) portName(y parts) string {
	if x.port != "" && y.port != "" {
		return ""
	}
	return " :" + x.port + y.port
}

// pathDifference names what one path has in addition to the other; false if the paths
// are unrelated.
func (x parts) pathDifference(y parts, what string) (string, bool) {
	if strings.EqualFold(x.path, y.path) {
		return "", true
	}
	long, short := x.path, y.path
	if len(long) < len(short) {
		long, short = short, long
	}
	if what != "issuers" && what != "audiences" || strings.EqualFold(x.scheme, "spiffe") {
		return "", false
	}
	if more, ok := strings.CutPrefix(long, short); ok && strings.HasPrefix(more, "/") {
		return fmt.Sprintf("the path %.64q at its end", more), true
	}
	more, ok := strings.CutSuffix(long, short)
	return fmt.Sprintf("the path %.64q in it", more), ok && what == "issuers" && short != ""
}

// IsGUID reports whether s is an id such as Entra gives to applications and tenants.
func IsGUID(s string) bool {
	digits := strings.ReplaceAll(s, "-", "")
	_, err := hex.DecodeString(digits)
	return err == nil && len(digits) == 32 && len(s) == 36
}
