package signin

import (
	"errors"
	"net/url"
	"path"
	"strings"
	"unicode"
)

var errReturnTo = errors.New("the page to return to is not a page of this portal")

// returnTo reads the page that a user wants to see after the sign-in. It is a path of this
// portal: nothing that a browser could take for another site, and no page of the sign-in
// itself. The default is the start page.
func returnTo(values []string) (string, error) {
	if len(values) == 0 {
		return "/", nil
	}
	to := values[0]
	hostile := func(r rune) bool { return r == '\\' || unicode.IsControl(r) || unicode.IsSpace(r) }
	foreign := func(r rune) bool { return r > unicode.MaxASCII } // browsers write these as %…
	u, err := url.Parse(to)
	switch {
	case len(values) > 1, len(to) > 512, err != nil, strings.ContainsFunc(to, hostile), strings.ContainsFunc(to, foreign):
		return "", errReturnTo
	case !strings.HasPrefix(to, "/"), u.Scheme != "", u.Host != "", u.User != nil, u.Opaque != "", u.Fragment != "":
		return "", errReturnTo
	case strings.ContainsFunc(u.Path, hostile), path.Clean(u.Path) != u.Path:
		return "", errReturnTo
	case strings.HasPrefix(u.Path, "/sign"), u.Path == "/callback", strings.HasPrefix(u.Path, "/logout"):
		return "", errReturnTo
	}
	return u.RequestURI(), nil
}

// Link is the address of the sign-in that returns to a page of this portal.
func Link(to string) string { return "/signin?" + url.Values{"return_to": {to}}.Encode() }
