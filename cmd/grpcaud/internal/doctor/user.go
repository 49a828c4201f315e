package doctor

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"

	"github.com/grpcaud/grpcaud/audience/access"
	"github.com/grpcaud/grpcaud/cmd/grpcaud/internal/explain"
	"github.com/grpcaud/grpcaud/cmd/grpcaud/internal/tokenrequest"
	"github.com/grpcaud/grpcaud/tokensource"
)

// userCalls follows a user's token: each client that a token is for exchanges it for
// each service that it calls for users, and that service exchanges the new token in turn.
type userCalls struct {
	*Examiner
	visited map[string]bool // clients that had a token to exchange
	off     map[string]bool // clients and issuers without token exchange, of which a row says so
	rows    []row
}

// held is a user's token that a client has.
type held struct {
	client string
	tokenrequest.Subject
}

// examineUser returns the rows for the calls that begin with the user's token.
func (c *Examiner) examineUser(ctx context.Context) []row {
	u := userCalls{Examiner: c, visited: map[string]bool{}, off: map[string]bool{}}
	queue := c.holders(c.subject)
	for len(queue) > 0 {
		h := queue[0]
		queue = queue[1:]
		if u.visited[h.client] {
			continue
		}
		u.visited[h.client] = true
		for _, service := range c.services {
			if c.callsForUsers(h.client, service) {
				queue = append(queue, c.holders(u.examine(ctx, h, service))...)
			}
		}
	}
	u.addUnreached()
	return u.rows
}

// callsForUsers reports whether a client may call a service of the matrix for users.
func (c *Examiner) callsForUsers(client, service string) bool {
	s, ours := c.matrix.Services[service]
	return ours && tokenrequest.MayCall(c.policy, client, service) && len(methodsForUsers(s, client)) > 0
}

// holders returns the examined clients that a token is for: its aud or its azp names
// them. An opaque token may be for any of them.
func (c *Examiner) holders(subject tokenrequest.Subject) []held {
	if subject.Token.IsZero() {
		return nil
	}
	token := subject.Token.Reveal()
	d := explain.Decode(token)
	var all []held
	for _, name := range c.clientNames() {
		client, issuer, err := c.policy.Client(name)
		if err == nil && issuer.URL == subject.Issuer && (d.Claims == nil || slices.Contains(append(d.Audiences(), d.Client(issuer.Provider())), client.ID)) {
			all = append(all, held{name, subject})
		}
	}
	return all
}

// examine examines one call for a user, and returns the token that the service gets; none
// if the service refuses it.
func (u *userCalls) examine(ctx context.Context, h held, service string) tokenrequest.Subject {
	ctx, cancel := context.WithTimeout(ctx, u.timeout)
	defer cancel()
	r := row{Allowed: true, ForUser: true, Diagnosis: tokenrequest.Diagnosis{Client: h.client, Service: service, Result: tokenrequest.OK}}
	defer func() { u.rows = append(u.rows, r) }()
	target, err := u.policy.Target(h.client, service)
	if err != nil {
		panic(err) // it calls the service for users
	}
	token := h.Token.Reveal()
	if slices.Contains(explain.Decode(token).Audiences(), target.Audience) {
		r.Text = "the token is for it already: nothing is exchanged"
	} else if token, err = tokenrequest.Fetch(ctx, u.clients[h.client], service, h.Subject); err != nil {
		u.markNotExchanged(&r, target, err)
		return tokenrequest.Subject{}
	}
	u.markVerdict(ctx, &r, token, target, methodsForUsers(u.matrix.Services[service], h.client))
	if r.Result != tokenrequest.OK {
		return tokenrequest.Subject{}
	}
	return tokenrequest.Subject{Token: tokensource.NewToken(token, h.Token.Expiry()), Issuer: target.Issuer.URL}
}

// markNotExchanged records that the issuer did not exchange a token. One row says that
// exchange is switched off, for the client or for the whole issuer.
func (u *userCalls) markNotExchanged(r *row, target access.Target, err error) {
	of := exchangeOff(r.Client, target.Issuer, err)
	if u.off[of] {
		r.Result, r.Text = tokenrequest.Skipped, fmt.Sprintf("token exchange is switched off for %s: see above", of)
		return
	}
	r.Diagnosis = *tokenrequest.Diagnose(r.Client, target, err)
	if of != "" {
		u.off[of] = true
		r.Text = fmt.Sprintf("token exchange is switched off for %s: %s", of, r.Text)
	}
}

// notEnabled matches the words by which a provider says that exchange is switched off.
var notEnabled = regexp.MustCompile(`(?i)token exchange is not (enabled|supported|allowed)`)

// exchangeOff returns the client or the issuer that exchanges no tokens at all; empty
// if err does not say so. The codes are from RFC 6749, section 5.2; Keycloak says it in
// the description of invalid_request.
func exchangeOff(client string, issuer access.Issuer, err error) string {
	refusal, ok := errors.AsType[*tokensource.TokenError](err)
	switch {
	case !ok:
		return ""
	case refusal.Code == "unsupported_grant_type":
		return issuer.URL
	case refusal.Code == "unauthorized_client", notEnabled.MatchString(refusal.Description):
		return fmt.Sprintf("client %q", client)
	}
	return ""
}

// addUnreached adds the calls that are for users alone and that no token of the user
// reaches.
func (u *userCalls) addUnreached() {
	for _, client := range u.clientNames() {
		for _, service := range u.services {
			if !u.visited[client] && u.onlyForUsers(client, service) {
				r := row{Allowed: true, ForUser: true, Diagnosis: tokenrequest.Diagnosis{Client: client, Service: service, Result: tokenrequest.Skipped}}
				r.Text = "the user has no token for " + client + " that it could exchange"
				u.rows = append(u.rows, r)
			}
		}
	}
}
