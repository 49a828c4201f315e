package idp

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strings"
)

// Session is a user who has logged in with a browser.
type Session struct {
	Grant

	at      metadata
	browser *browser
}

// Begin is [Server.Login] with a browser that can log out again.
func (s *Server) Begin(ctx context.Context, l Login) (*Session, error) {
	l.Secret, l.Password = cmp.Or(l.Secret, Secret(l.Client)), cmp.Or(l.Password, Password(l.User))
	l.Redirect = cmp.Or(l.Redirect, Callback)
	at, err := discover(ctx, s.Issuer)
	session := &Session{at: at, browser: newBrowser(l)}
	if err == nil {
		session.Grant, err = session.browser.login(ctx, at)
	}
	if err != nil {
		return nil, fmt.Errorf("idp: login of %s at %s: %w", l.User, l.Client, err)
	}
	return session, nil
}

// End logs the user out at the server (OpenID Connect RP-Initiated Logout 1.0), and
// confirms that if the server asks.
func (s *Session) End(ctx context.Context) error {
	query := url.Values{"id_token_hint": {s.IDToken}, "client_id": {s.browser.who.Client}}
	if err := s.browser.logOut(ctx, s.at.EndSession+"?"+query.Encode()); err != nil {
		return fmt.Errorf("idp: logout of %s: %w", s.browser.who.User, err)
	}
	return nil
}

// logOut opens the page of a logout, and sends its form if there is one.
func (b *browser) logOut(ctx context.Context, page string) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, page, nil)
	if err != nil {
		return err
	}
	res, err := b.http.Do(req)
	if err != nil {
		return err
	}
	text, form, err := readForm(res)
	if err == nil && res.StatusCode >= http.StatusBadRequest {
		err = fmt.Errorf("%s: %s", res.Status, text)
	}
	if err != nil || form == nil {
		return err
	}
	action, err := res.Request.URL.Parse(attr(form, "action"))
	if err != nil {
		return err
	}
	fields := b.fill(form)
	fields.Set("logout", "yes") // the button of oidc-provider, outside of its form
	if req, err = http.NewRequestWithContext(ctx, http.MethodPost, action.String(), strings.NewReader(fields.Encode())); err != nil {
		return err
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	if res, err = b.http.Do(req); err != nil {
		return err
	}
	if text, _, err = readForm(res); err == nil && res.StatusCode >= http.StatusBadRequest {
		err = fmt.Errorf("%s: %s", res.Status, text)
	}
	return err
}
