package claims

import (
	"errors"
	"time"

	"github.com/grpcaud/grpcaud/audience"
)

// logoutEvent is the member of events that every logout token has, and no other token.
const logoutEvent = "http://schemas.openid.net/event/backchannel-logout"

// Logout is what a logout token says: a login that its issuer has ended (OpenID Connect
// Back-Channel Logout 1.0, section 2.4).
type Logout struct {
	// Issuer is the iss, and ID the jti of the logout token. Audience has the ids of the
	// clients that it is for.
	Issuer, ID string
	Audience   []string

	// Session is the sid of the session that has ended; empty if all sessions of Subject
	// have. Subject is the sub of the user; empty if only Session is named.
	Session, Subject string

	// IssuedAt is the iat, and Expiry the exp of the logout token.
	IssuedAt, Expiry time.Time
}

// Logout reads the claims of a logout token. As with [Payload.Claims], the signature is
// the caller's to verify. What is malformed, or is another kind of token, is refused with
// [audience.CauseClaimsMalformed] or [audience.CauseClaimMissing].
func (p Payload) Logout() (*Logout, error) {
	r := reader{members: p.members}
	l := &Logout{
		Issuer: r.text("iss"), ID: r.text("jti"), Audience: r.audience(), Session: r.text("sid"), Subject: r.text("sub"),
		IssuedAt: r.date("iat"), Expiry: r.date("exp"),
	}
	events, isObject := p.members["events"].(map[string]any)
	_, isLogout := events[logoutEvent].(map[string]any)
	_, hasNonce := p.members["nonce"]
	for _, name := range []string{"iss", "aud", "iat", "exp", "jti", "events"} {
		if _, ok := p.members[name]; !ok {
			return nil, &audience.Refusal{Cause: audience.CauseClaimMissing, Want: "a logout token, which has " + name}
		}
	}
	switch {
	case hasNonce:
		r.err = errors.New("a logout token has no nonce: this may be an ID token")
	case !isObject, !isLogout:
		r.err = errors.New("events has no object " + logoutEvent)
	case l.Session == "" && l.Subject == "" && r.err == nil:
		return nil, &audience.Refusal{Cause: audience.CauseClaimMissing, Want: "a logout token, which has sid or sub"}
	}
	if r.err != nil {
		return nil, &audience.Refusal{Cause: audience.CauseClaimsMalformed, Err: r.err}
	}
	return l, nil
}
