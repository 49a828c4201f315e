package main

import (
	"fmt"
	"strings"

	"github.com/grpcaud/grpcaud/audience"
)

// write tells s in one of the formats of the command.
func (s *story) write(p *page, format string) {
	if format == "json" {
		p.json(s)
	} else {
		s.text(p)
	}
}

func (s *story) text(p *page) {
	colour := map[string]string{admitted: good, refused: bad, unclear: doubt}[s.Verdict]
	p.printf("%s\n", p.in(colour, strings.TrimSuffix(s.Verdict+": "+string(s.Cause), ": ")))
	var about [][]string
	say := func(title, text string) {
		if text != "" {
			about = append(about, []string{title, printable(text)})
		}
	}
	say("service", s.Service)
	say("method", s.Method)
	say("entry", s.Entry)
	if s.Peer != nil {
		say("the peer", s.Peer.String())
	}
	say("to mend it", s.Fix)
	for _, note := range s.Notes {
		say(p.in(doubt, "note"), note)
	}
	p.table("  ", about)
	s.steps(p)
	s.members(p, "header", s.Header)
	s.members(p, "claims", s.Claims)
}

func (s *story) members(p *page, title string, members map[string]any) {
	if len(members) > 0 {
		p.printf("\n%s\n", p.in(bold, title))
		p.table("  ", rows(members, s.now))
	}
}

// String says what the peer is told.
func (p *peer) String() string {
	text := fmt.Sprintf("%s: %s; reason %s", p.Code, p.Phrase, p.Reason)
	if p.Error != "" {
		text += ", error " + p.Error
	}
	if len(p.Scopes) > 0 {
		text += ", scope " + words(p.Scopes)
	}
	return text
}

func (s *story) steps(p *page) {
	if len(s.Steps) == 0 {
		return
	}
	p.printf("\n%s\n", p.in(bold, "asked"))
	var lines [][]string
	for _, q := range s.Steps {
		mark := p.in(good, "ok")
		switch {
		case q.Cause.Reason() == audience.ReasonIssuerUnavailable:
			mark = p.in(doubt, "??")
		case !q.OK:
			mark = p.in(bad, "NO")
		}
		lines = append(lines, []string{mark, q.Question, fmt.Sprintf("got %s, want %s", printable(q.Got), printable(q.Want))})
		if q.Hint != "" {
			lines = append(lines, []string{"", "", printable(q.Hint)})
		}
	}
	p.table("  ", lines)
}
