package testutil

import (
	"context"
	"crypto/rand"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"
)

const (
	logoutEvent    = "http://schemas.openid.net/event/backchannel-logout"
	logoutLife     = 2 * time.Minute // of a logout token
	logoutDeadline = 3 * time.Second // for a client to answer
)

// EndSessions ends each session of a user, as an administrator does, and returns after the
// clients that have tokens of these sessions have answered, each within 3 seconds. The
// error names the clients that could not be told.
func (i *Issuer) EndSessions(ctx context.Context, user string) error {
	var failed []error
	for _, id := range i.sessionsOf(user) {
		failed = append(failed, i.endSession(ctx, id))
	}
	return errors.Join(failed...)
}

// endSession ends a session and tells the clients that have tokens of it (OpenID Connect
// Back-Channel Logout 1.0, section 2.3). It does nothing if there is no such session.
func (i *Issuer) endSession(ctx context.Context, id string) error {
	s, ok := i.end(id)
	if !ok {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), logoutDeadline)
	defer cancel()
	var told sync.WaitGroup
	var mu sync.Mutex // guards failed
	var failed []error
	for name := range s.clients {
		c, known := i.client(name)
		if !known || c.BackchannelLogoutURI == "" {
			continue
		}
		told.Go(func() {
			if err := i.tell(ctx, c, s); err != nil {
				mu.Lock()
				defer mu.Unlock()
				failed = append(failed, fmt.Errorf("client %q: %w", c.ID, err))
			}
		})
	}
	told.Wait()
	slices.SortFunc(failed, func(a, b error) int { return strings.Compare(a.Error(), b.Error()) })
	return errors.Join(failed...)
}

// tell sends a client a logout token for a session. It follows no redirect.
func (i *Issuer) tell(ctx context.Context, c Client, s session) error {
	form := url.Values{"logout_token": {i.logoutToken(c, s)}}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, c.BackchannelLogoutURI, strings.NewReader(form.Encode()))
	if err != nil {
		return err
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	transport := i.options.backchannel
	if transport == nil {
		transport = loopbackTransport()
	}
	response, err := transport.RoundTrip(r)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	io.Copy(io.Discard, io.LimitReader(response.Body, 1<<16))
	if response.StatusCode != http.StatusOK && response.StatusCode != http.StatusNoContent {
		return fmt.Errorf("%s answered %s", c.BackchannelLogoutURI, response.Status)
	}
	return nil
}

// logoutToken returns a logout token (OpenID Connect Back-Channel Logout 1.0, section 2.4).
func (i *Issuer) logoutToken(c Client, s session) string {
	now := time.Now()
	d := draft{key: i.published()[0], header: Claims{"typ": "logout+jwt"}}
	return d.sign(Claims{
		"iss": i.url, "aud": c.ID, "sub": s.user, "sid": s.id, "jti": rand.Text(), "iat": now.Unix(), "exp": now.Add(logoutLife).Unix(),
		"events": Claims{logoutEvent: Claims{}},
	})
}

// loopbackTransport returns a transport that connects to this machine only: the hosts of
// registered addresses are loopback addresses, or names for them, whatever resolves these.
// It keeps no connection.
func loopbackTransport() http.RoundTripper {
	return &http.Transport{
		DisableKeepAlives: true,
		TLSClientConfig:   &tls.Config{InsecureSkipVerify: true}, // a certificate of a laptop is its own
		DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
			var d net.Dialer
			host, port, err := net.SplitHostPort(address)
			if err != nil || net.ParseIP(host) != nil {
				return d.DialContext(ctx, network, address)
			}
			c, err := d.DialContext(ctx, network, net.JoinHostPort("127.0.0.1", port))
			if err != nil {
				c, err = d.DialContext(ctx, network, net.JoinHostPort("::1", port))
			}
			return c, err
		},
	}
}
