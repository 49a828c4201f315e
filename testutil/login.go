package testutil

import (
	"crypto/rand"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// login is a valid request for a user's login (RFC 6749, section 4.1.1).
type login struct {
	client    Client
	redirect  string // where the browser goes, as the client wrote it
	challenge string // of PKCE
	audiences []string
	scope     string // without the scopes of OpenID Connect
	openID    bool   // an ID token is requested too
	nonce     string
	prompt    []string      // what the user is to be asked
	maxAge    time.Duration // since the user's last login; negative for any
	subject   string        // the user who must be logged in; empty for any
	session   string        // the sid
	user      string        // who logged in
	at        time.Time     // when
	issued    time.Time     // when the client got the code
}

// openIDScopes are scopes that request no rights at an API (OpenID Connect Core, section
// 5.4, and section 11).
var openIDScopes = []string{"openid", "profile", "email", "address", "phone", "offline_access"}

// prompts are the values of prompt (OpenID Connect Core, section 3.1.2.1).
var prompts = []string{"none", "login", "consent", "select_account"}

// knownAddress returns the client of a login, whose address must be one of its own.
func (i *Issuer) knownAddress(query url.Values) (Client, error) {
	for _, name := range []string{"client_id", "redirect_uri"} {
		if len(query[name]) > 1 {
			return Client{}, fmt.Errorf("%s is repeated", name)
		}
	}
	c, ok := i.client(query.Get("client_id"))
	if !ok {
		return c, fmt.Errorf("client_id: no client %q here", query.Get("client_id"))
	}
	if err := mayReturn(query.Get("redirect_uri"), c.RedirectURIs); err != nil {
		return c, fmt.Errorf("redirect_uri: %w", err)
	}
	return c, nil
}

// readLogin reads the request of a client for a login. PKCE is required (RFC 7636).
func (i *Issuer) readLogin(c Client, query url.Values) (login, *refusal) {
	l := login{client: c, redirect: query.Get("redirect_uri"), challenge: query.Get("code_challenge"), nonce: query.Get("nonce")}
	if name := repeated(query); name != "" {
		return l, refuse("invalid_request", name+" is repeated")
	}
	switch {
	case query.Get("response_type") != "code":
		return l, refuse("unsupported_response_type", "want response_type=code")
	case query.Get("code_challenge_method") != "S256" || len(l.challenge) != 43:
		return l, refuse("invalid_request", "want a code_challenge with code_challenge_method=S256 (RFC 7636)")
	case query.Has("request"):
		return l, refuse("request_not_supported", "want the parameters themselves, not a request object")
	case query.Has("request_uri"):
		return l, refuse("request_uri_not_supported", "want the parameters themselves, not a request object")
	}
	if err := i.readQuestions(&l, query); err != nil {
		return l, err
	}
	scopes := strings.Fields(query.Get("scope"))
	l.openID = slices.Contains(scopes, "openid")
	scopes = slices.DeleteFunc(scopes, func(s string) bool { return slices.Contains(openIDScopes, s) })
	form := url.Values{"audience": query["audience"], "resource": query["resource"], "scope": {strings.Join(scopes, " ")}}
	var err *refusal
	l.audiences, l.scope, err = i.loginTarget(c, form)
	return l, err
}

// loginTarget is target for a login. A client that exchanges tokens may request no audience:
// then the token is for the client itself, with any scopes that the client may have.
func (i *Issuer) loginTarget(c Client, form url.Values) (audiences []string, scope string, err *refusal) {
	scopes := strings.Fields(form.Get("scope"))
	asked := slices.Concat(form["audience"], form["resource"])
	if i.options.template != "" {
		asked, _ = c.split(i.options.template, scopes)
	}
	if len(asked) > 0 || !c.Exchange || len(c.OwnAudiences) == 0 {
		return i.target(c, form)
	}
	for _, s := range scopes {
		if !slices.Contains(c.scopesOf(c.OwnAudiences[:1]), s) {
			return nil, "", refuse("invalid_scope", fmt.Sprintf("%s may not have %q", c.ID, s))
		}
	}
	return c.OwnAudiences[:1], strings.Join(scopes, " "), nil
}

// scopesOf returns the scopes that c may have in a token with these audiences: in one for
// itself, all of them.
func (c Client) scopesOf(audiences []string) []string {
	var all []string
	for a, scopes := range c.Scopes {
		if slices.Contains(audiences, a) || slices.Contains(c.OwnAudiences, audiences[0]) {
			all = append(all, scopes...)
		}
	}
	return all
}

// readQuestions reads what the user is to be asked, and who the user has to be.
func (i *Issuer) readQuestions(l *login, query url.Values) *refusal {
	l.prompt, l.maxAge = strings.Fields(query.Get("prompt")), -1
	for _, p := range l.prompt {
		switch {
		case !slices.Contains(prompts, p):
			return refuse("invalid_request", fmt.Sprintf("got prompt %.64q, want some of %q", p, prompts))
		case p == "none" && len(l.prompt) > 1:
			return refuse("invalid_request", "prompt=none excludes the other values")
		}
	}
	if text := query.Get("max_age"); text != "" {
		seconds, err := strconv.ParseUint(text, 10, 31)
		if err != nil {
			return refuse("invalid_request", "max_age is not a number of seconds")
		}
		l.maxAge = time.Duration(seconds) * time.Second
	}
	if hint := query.Get("id_token_hint"); hint != "" {
		claims, ok := i.readHint(hint)
		if !ok {
			return refuse("invalid_request", "id_token_hint is no ID token of this issuer")
		}
		l.subject, _ = claims["sub"].(string)
	}
	return nil
}

// what names what the client asks for, for the user: an audience that is the client itself
// tells the user nothing.
func (l login) what() string {
	at := strings.Join(l.audiences, ", ")
	switch own := slices.Contains(l.client.OwnAudiences, at); {
	case l.scope == "" && own:
		return "your name"
	case l.scope == "":
		return "access to " + at
	case own:
		return l.scope
	default:
		return l.scope + " at " + at
	}
}

// rights are what a user consents to.
func (l login) rights() string {
	return strings.Join([]string{l.client.ID, strings.Join(l.audiences, " "), l.scope}, "\n")
}

// asks reports whether the client demands one of these questions.
func (l login) asks(questions ...string) bool {
	return slices.ContainsFunc(questions, func(q string) bool { return slices.Contains(l.prompt, q) })
}

// needsLogin reports whether the user has to log in, whatever session there is.
func (l login) needsLogin(s session) bool {
	return s.user == "" || l.asks("login", "select_account") || l.subject != "" && l.subject != s.user ||
		l.maxAge == 0 || l.maxAge > 0 && time.Since(s.at) > l.maxAge
}

// keepLogin returns a new code for a login.
func (i *Issuer) keepLogin(l login) string {
	code := rand.Text()
	i.mu.Lock()
	defer i.mu.Unlock()
	for old, other := range i.logins {
		if time.Since(other.issued) > codeLife {
			delete(i.logins, old)
		}
	}
	l.issued = time.Now()
	i.logins[code] = l
	return code
}
