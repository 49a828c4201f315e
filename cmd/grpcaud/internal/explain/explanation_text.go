package explain

import (
	"fmt"
	"strings"

	"github.com/grpcaud/grpcaud/audience"
	"github.com/grpcaud/grpcaud/cmd/grpcaud/internal/output"
)

// Write implements [output.Answer].
func (s *Explanation) Write(p *output.Page, format string) {
	if format == "json" {
		p.JSON(s)
	} else {
		s.text(p)
	}
}

func (s *Explanation) text(p *output.Page) {
	colour := map[string]string{Admitted: output.Good, Refused: output.Bad, Unclear: output.Doubt}[s.Verdict]
	p.Printf("%s\n", p.Colour(colour, strings.TrimSuffix(s.Verdict+": "+string(s.Cause), ": ")))
	var about [][]string
	say := func(title, text string) {
		if text != "" {
			about = append(about, []string{title, output.Printable(text)})
		}
	}
	say("service", s.Service)
	say("method", s.Method)
	say("entry", s.Entry)
	if s.Peer != nil {
		say("the peer", s.Peer.String())
	}
	say("fix", s.Fix)
	for _, note := range s.Notes {
		say(p.Colour(output.Doubt, "note"), note)
	}
	p.Table("  ", about)
	s.writeChecks(p)
	s.writeMembers(p, "header", s.Header)
	s.writeMembers(p, "claims", s.Claims)
}

func (s *Explanation) writeMembers(p *output.Page, title string, members map[string]any) {
	if len(members) > 0 {
		p.Printf("\n%s\n", p.Colour(output.Bold, title))
		p.Table("  ", MemberRows(members, s.now))
	}
}

// String describes the answer.
func (p *peer) String() string {
	text := fmt.Sprintf("%s: %s; reason %s", p.Code, p.Phrase, p.Reason)
	if p.Error != "" {
		text += ", error " + p.Error
	}
	if len(p.Scopes) > 0 {
		text += ", scope " + output.List(p.Scopes)
	}
	return text
}

func (s *Explanation) writeChecks(p *output.Page) {
	if len(s.Checks) == 0 {
		return
	}
	p.Printf("\n%s\n", p.Colour(output.Bold, "checks"))
	var lines [][]string
	for _, q := range s.Checks {
		mark := p.Colour(output.Good, "ok")
		switch {
		case q.Cause.Reason() == audience.ReasonIssuerUnavailable:
			mark = p.Colour(output.Doubt, "??")
		case !q.OK:
			mark = p.Colour(output.Bad, "NO")
		}
		lines = append(lines, []string{mark, q.Name, fmt.Sprintf("got %s, want %s", output.Printable(q.Got), output.Printable(q.Want))})
		if q.Hint != "" && q.Hint != s.Fix {
			lines = append(lines, []string{"", "", output.Printable(q.Hint)})
		}
	}
	p.Table("  ", lines)
}
