package remedy

import (
	"cmp"
	"fmt"
	"regexp"
	"strings"
)

// Message is the meaning of an error text of a library or proxy that checks tokens.
type Message struct {
	// Stack is the library or proxy with such a text; empty if several have it.
	Stack string

	// About is the subject of the error: one of the constants below.
	About About

	// Means says what the text means, and Look what to check.
	Means, Look string

	// Got is the value of the token, and Want the expected one, if the text has them.
	Got, Want string
}

// About is the subject of an error text.
type About string

// These are the subjects of error texts, by the checks of this module.
const (
	AboutAudience  About = "audience"
	AboutIssuer    About = "issuer"
	AboutExpiry    About = "expiry"
	AboutTime      About = "not before"
	AboutSignature About = "signature"
	AboutKeys      About = "keys"
	AboutForm      About = "form"
	AboutScope     About = "scope"
	AboutMissing   About = "credentials"
	AboutClient    About = "client"
	AboutSecret    About = "client authentication"
	AboutMethod    About = "method"
	AboutTransport About = "transport"
	AboutClaims    About = "claims"
	AboutBinding   About = "binding"
	AboutLogin     About = "login"
	AboutRevoked   About = "revocation"
	AboutOutage    About = "availability"
	AboutToken     About = "token"
)

// phrase recognises a text. Its groups named got and want are the values that were
// compared.
type phrase struct {
	stack string
	about About
	text  *regexp.Regexp
	means string // if that is more particular than the subject
	look  string // what to check with this stack; empty for nothing in particular
}

func says(stack string, about About, text string) phrase {
	return phrase{stack: stack, about: about, text: regexp.MustCompile(`(?is)` + text)}
}

func (p phrase) at(look string) phrase {
	p.look = look
	return p
}

// longestMessage is how many bytes of a text are read.
const longestMessage = 16 << 10

// Recognise returns what an error text means; false if it is not known.
func Recognise(text string) (Message, bool) {
	text = text[:min(len(text), longestMessage)]
	if p, ok := ownMessage(text); ok {
		return p.message(text)
	}
	for _, p := range phrases {
		if m, ok := p.message(text); ok {
			return m, true
		}
	}
	return Message{}, false
}

// message returns what a text means; false if p does not recognise it.
func (p phrase) message(text string) (Message, bool) {
	found := p.text.FindStringSubmatch(text)
	if found == nil {
		return Message{}, false
	}
	m := Message{Stack: p.stack, About: p.about, Means: cmp.Or(p.means, meanings[p.about].means), Look: meanings[p.about].look}
	for i, name := range p.text.SubexpNames() {
		switch value := strings.Trim(found[i], `"'[] `); name {
		case "got":
			m.Got = value
		case "want":
			m.Want = value
		}
	}
	if strings.EqualFold(m.Want, "null") {
		m.Want = ""
	}
	m.Look = join(m.near(), p.look, m.Look)
	return m, true
}

// near names the only difference between the two values of the text; empty if they
// differ by more.
func (m Message) near() string {
	what := map[About]string{AboutAudience: "audiences", AboutIssuer: "issuers"}[m.About]
	if what == "" || m.Got == "" || m.Want == "" {
		return ""
	}
	split := func(s string) []string {
		return strings.FieldsFunc(s, func(r rune) bool { return strings.ContainsRune(`,"'[] `, r) })
	}
	return NearMiss(split(m.Got), split(m.Want), what)
}

// String returns the meaning and what to check.
func (m Message) String() string {
	from := ""
	if m.Stack != "" {
		from = fmt.Sprintf(" (%s)", m.Stack)
	}
	return m.Means + from + ": " + m.Look
}

// meanings has the meaning of each subject, and what to check.
var meanings = map[About]struct{ means, look string }{
	AboutAudience: {
		"the token is genuine, and is for another service: its aud does not name the one that refused it",
		"compare aud in the token with the audience that the service accepts; have the client request a token for this service, and have the service accept its own audience, never every one",
	},
	AboutIssuer: {
		"another issuer wrote the token than the service accepts",
		"compare iss in the token with the issuer that the service is configured with; they must be equal in every character: a trailing slash, the tenant, the version",
	},
	AboutExpiry: {
		"the token has expired",
		"request a new one; if it is new, compare the clocks of the issuer and of the service",
	},
	AboutTime: {
		"the token is not valid yet",
		"compare the clocks of the issuer and of the service",
	},
	AboutSignature: {
		"the signature does not fit the token, or none of the keys that the service has made it",
		"see whether the token was cut off or altered, whether it was meant for this service at all (a token for Microsoft Graph can be verified by Graph alone), and whether the service has the newest keys of the token's issuer",
	},
	AboutKeys: {
		"the service has no keys of the issuer that fit the token, which says nothing about the token",
		"see whether the service can reach the issuer's metadata and keys, and whether it is configured with the token's issuer",
	},
	AboutForm: {
		"what was sent is no access token in the form that the service reads",
		"send the access token, whole, after Bearer and a space: not an ID token, not a refresh token, not an opaque or encrypted one",
	},
	AboutScope: {
		"the token is good, and lacks a scope or a role that the method demands",
		"compare scope, scp or roles in the token with what the method demands; have the client request it, and the issuer grant it",
	},
	AboutMissing: {
		"no token arrived",
		"see whether the client sends authorization: Bearer and the token, and whether a proxy removes it",
	},
	AboutClient: {
		"the token is good, and its client may not call this",
		"compare azp, client_id or appid in the token with the clients that the service allows",
	},
	AboutSecret: {
		"the issuer gave no token: it did not authenticate the client, or does not let it have this token",
		"check the client's id, its secret or key, and its grants at the issuer; grpcaud token shows the answer of the issuer, and what it means",
	},
	AboutMethod: {
		"the matrix has no rule for the method, so that nobody may call it",
		"see whether the method is written as the service has it; if it may be called, name it under methods of an entry of the service in the matrix",
	},
	AboutTransport: {
		"the call came without TLS, and the service accepts tokens over TLS alone",
		"have the client connect with TLS; if a proxy ends TLS before the service, have it connect to the service with TLS too",
	},
	AboutClaims: {
		"a claim of the token is missing, cannot be read, or has a value that the rule does not allow",
		"compare the claims in the token with claims of the entry in the matrix, and with what the issuer's preset reads; the log of the service names the claim",
	},
	AboutBinding: {
		"the token is bound to another key than the caller has shown, or is not bound although it must be",
		"compare cnf in the token with the certificate that the client shows to the service: both connections, to the issuer and to the service, need the same one",
	},
	AboutLogin: {
		"the token is good, and the user's login is too weak or too long ago for the method",
		"have the user log in again; compare acr and auth_time in the token with acr and max_auth_age of the entry in the matrix",
	},
	AboutRevoked: {
		"the token was revoked",
		"request a new one; the user may have to log in again",
	},
	AboutOutage: {
		"the service could not judge the token now, which says nothing about the token",
		"see whether the service can reach the issuer and what says which tokens are revoked, and call again; the log of the service names what did not answer",
	},
	AboutToken: {
		"the service did not accept the token, and tells the caller no more",
		"the log of the service has the cause; give the token and the matrix to grpcaud explain to see it here",
	},
}
