package explain

import (
	"strings"
	"time"

	"github.com/grpcaud/grpcaud/cmd/grpcaud/internal/output"
	"github.com/grpcaud/grpcaud/internal/remedy"
)

// Message is what an error text of a stack that checks tokens means, and, with a token,
// the claims that it is about; with a matrix, the verdict.
type Message struct {
	Known  bool           `json:"known"`
	Stack  string         `json:"stack,omitempty"`
	About  remedy.About   `json:"about,omitempty"`
	Means  string         `json:"means,omitempty"`
	Look   string         `json:"look,omitempty"`
	Got    string         `json:"got,omitempty"`
	Want   string         `json:"want,omitempty"`
	Claims map[string]any `json:"claims,omitempty"`

	Explanation *Explanation `json:"explanation,omitempty"` // nil without a matrix
	shown       []string     // the names of the claims that it is about
}

// claimsAbout are the claims to look at, by what a message is about.
var claimsAbout = map[remedy.About][]string{
	remedy.AboutAudience:  {"aud", "iss", "azp", "client_id", "cid", "appid"},
	remedy.AboutIssuer:    {"iss", "ver", "tid"},
	remedy.AboutExpiry:    {"exp", "iat"},
	remedy.AboutTime:      {"nbf", "iat"},
	remedy.AboutScope:     {"scope", "scp", "roles", "permissions"},
	remedy.AboutClient:    {"azp", "client_id", "cid", "appid", "sub"},
	remedy.AboutForm:      {"typ", "token_use", "nonce"},
	remedy.AboutSignature: {"iss", "aud"},
	remedy.AboutKeys:      {"iss"},
	remedy.AboutBinding:   {"cnf"},
	remedy.AboutLogin:     {"acr", "auth_time"},
	remedy.AboutRevoked:   {"jti", "sid", "sub", "iat"},
}

// NewMessage returns what a text means. Token may be empty.
func NewMessage(text, token string) *Message {
	known, ok := remedy.Recognise(text)
	m := &Message{Known: ok, Stack: known.Stack, About: known.About, Means: known.Means, Look: known.Look, Got: known.Got, Want: known.Want}
	if d := Decode(token); len(d.Claims) > 0 {
		of := map[string]any{}
		for _, name := range claimsAbout[m.About] {
			if value, ok := d.Claims[name]; ok {
				of[name], m.shown = value, append(m.shown, name)
			}
		}
		m.Claims = of
	}
	return m
}

// Write implements [output.Answer].
func (m *Message) Write(p *output.Page, format string) {
	if format == "json" {
		p.JSON(m)
		return
	}
	m.text(p)
	if m.Explanation != nil {
		p.Printf("\n")
		m.Explanation.text(p)
	}
}

func (m *Message) text(p *output.Page) {
	if !m.Known {
		p.Printf("%s\n", p.Colour(output.Doubt, "unknown: grpcaud does not know this text"))
		p.Table("  ", [][]string{{"look at", "the log of the service that refused the token, and the token itself: give it with an access matrix, and see the verdict"}})
		return
	}
	p.Printf("%s\n", p.Colour(output.Bold, "error about: "+string(m.About)))
	var lines [][]string
	for _, line := range [][]string{{"written by", m.Stack}, {"means", m.Means}, {"token had", m.Got}, {"wanted", m.Want}, {"look at", m.Look}} {
		if line[1] != "" {
			lines = append(lines, []string{line[0], output.Printable(line[1])})
		}
	}
	p.Table("  ", lines)
	if len(m.shown) > 0 {
		p.Printf("\n%s\n", p.Colour(output.Bold, strings.Join(m.shown, ", ")+" of the token"))
		p.Table("  ", MemberRows(m.Claims, time.Now()))
	}
}

// Exit implements [output.Answer]: the verdict's, or without one whether the text is
// known.
func (m *Message) Exit() error {
	switch {
	case m.Explanation != nil:
		return m.Explanation.Exit()
	case m.Known:
		return nil
	}
	return output.Unknown
}
