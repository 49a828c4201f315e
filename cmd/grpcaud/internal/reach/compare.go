package reach

import (
	"fmt"
	"maps"
	"slices"

	"github.com/grpcaud/grpcaud/audience/access"
	"github.com/grpcaud/grpcaud/cmd/grpcaud/internal/output"
)

// mostChanges bounds a comparison.
const mostChanges = 1000

// Change is what a client can reach through other services by one matrix and not by another.
type Change struct {
	Kind    string          `json:"change"` // gains or loses
	From    string          `json:"from"`
	To      string          `json:"to"`
	Methods []string        `json:"methods"`
	Through []string        `json:"through"`
	User    access.PathUser `json:"user"`
	Token   access.HopKind  `json:"token"` // of the last call
}

// Compare returns what clients gain and lose through services that call on, at most 1000 of
// each. What they may call directly is for the comparison of the entries.
func Compare(before, after *access.Policy) []Change {
	return append(gained("gains", before.Reach(), after, after.Reach()), gained("loses", after.Reach(), before, before.Reach())...)
}

// gained returns what can be reached by new and not by old.
func gained(kind string, old *access.Reach, policy *access.Policy, now *access.Reach) []Change {
	all := []Change{}
	for _, client := range slices.Sorted(maps.Keys(policy.Matrix().Clients)) {
		had := map[ending]bool{}
		for p := range old.From(client) {
			for _, method := range p.Methods {
				had[ending{p.To, method, p.User}] = true
			}
		}
		for p := range now.From(client) {
			missing := slices.DeleteFunc(slices.Clone(p.Methods), func(m string) bool {
				return had[ending{p.To, m, p.User}] || had[ending{p.To, "*", p.User}]
			})
			if len(missing) == 0 {
				continue
			}
			for _, method := range missing {
				had[ending{p.To, method, p.User}] = true
			}
			if c := newChange(kind, p, missing); c.isIndirect() && len(all) < mostChanges {
				all = append(all, c)
			}
		}
	}
	return all
}

// ending is a method at the end of a way.
type ending struct {
	service, method string
	user            access.PathUser
}

// isIndirect reports whether the client needs the services on the way: a call without a caller
// is one that it can make itself.
func (c Change) isIndirect() bool {
	return len(c.Through) > 0 && c.Token != access.HopNoToken && c.Token != access.HopUnenforced
}

func newChange(kind string, p access.Path, methods []string) Change {
	hops := p.Hops()
	c := Change{Kind: kind, From: p.From, To: p.To, Methods: methods, User: p.User, Token: hops[len(hops)-1].Kind}
	for _, h := range hops[:len(hops)-1] {
		c.Through = append(c.Through, h.Service)
	}
	return c
}

// String says the change in a sentence.
func (c Change) String() string {
	verb, user := "now reaches", ""
	if c.Kind == "loses" {
		verb = "no longer reaches"
	}
	switch c.User {
	case access.UserLost:
		user = ": the user is lost"
	case access.NoUser:
		user = ", for no user"
	}
	return fmt.Sprintf("%s %s %s through %s (%s%s)", output.Printable(c.From), verb, target(c.To, c.Methods, nil), output.Join(c.Through, " and "), c.Token, user)
}

// WriteChanges writes the sentences about changes; nothing if there are none.
func WriteChanges(p *output.Page, all []Change, format string) {
	if len(all) == 0 || format == "json" {
		return
	}
	mark := ""
	if format == "markdown" {
		mark = "- "
	}
	p.Printf("\n")
	for _, c := range all {
		text := c.String()
		if format == "markdown" {
			text = output.EscapeMarkdown(text)
		} else if c.User == access.UserLost && c.Kind == "gains" {
			text = p.Colour(output.Bad, text)
		}
		p.Printf("%s%s\n", mark, text)
	}
}
