package reach

import (
	"slices"
	"strings"

	"github.com/grpcaud/grpcaud/audience/access"
	"github.com/grpcaud/grpcaud/cmd/grpcaud/internal/output"
)

// Answer is one way by which a client can reach methods of a service.
type Answer struct {
	From    string          `json:"from"`
	To      string          `json:"to"`
	Methods []string        `json:"methods"`
	Closed  []string        `json:"closed,omitempty"` // methods that "*" does not include
	User    access.PathUser `json:"user"`
	LostAt  string          `json:"lost_at,omitempty"` // the service that calls without the user
	Calls   []Call          `json:"calls"`
}

// Call is one call of a way.
type Call struct {
	Service string         `json:"service"`
	Methods []string       `json:"methods"`
	Closed  []string       `json:"closed,omitempty"`
	Token   access.HopKind `json:"token"`
	Client  string         `json:"client,omitempty"` // whose token it is
	Entry   string         `json:"entry"`
	Place   string         `json:"place,omitempty"`
	caller  string         // the client or the service that calls
}

func newAnswer(p access.Path) Answer {
	a := Answer{From: p.From, To: p.To, Methods: p.Methods, Closed: p.Closed, User: p.User}
	caller := p.From
	for _, h := range p.Hops() {
		a.Calls = append(a.Calls, Call{h.Service, h.Methods, h.Closed, h.Kind, h.Client, h.Entry, h.Place, caller})
		caller = h.Service
	}
	if p.User == access.UserLost {
		a.LostAt = a.lostAt()
	}
	return a
}

// unenforced reports whether a rollout lets one of the calls through.
func (a Answer) unenforced() bool {
	return slices.ContainsFunc(a.Calls, func(c Call) bool { return c.Token == access.HopUnenforced })
}

// lostAt returns the service that calls without the user; empty if the client itself is let
// through without a caller.
func (a Answer) lostAt() string {
	before := ""
	for _, c := range a.Calls {
		if c.Token != access.HopForUser && c.Token != access.HopOnBehalf && c.Token != access.HopForwards {
			break
		}
		before = c.Service
	}
	return before
}

// Target names what is reached, for people.
func (a Answer) Target() string { return target(a.To, a.Methods, a.Closed) }

// Target names what is called, for people.
func (c Call) Target() string { return target(c.Service, c.Methods, c.Closed) }

func target(service string, methods, closed []string) string {
	text := output.Printable(service) + "/" + output.Few(methods)
	if len(closed) > 0 {
		text += " but " + output.List(closed)
	}
	return text
}

// By names the token of a call, for people: the client too, if it has not the name of who
// calls.
func (c Call) By() string {
	if c.Client == "" || c.Client == c.caller || c.Token == access.HopForwards {
		return string(c.Token)
	}
	return string(c.Token) + ", client " + output.Printable(c.Client)
}

// Rests names the entry that admits a call, with its line.
func (c Call) Rests() string {
	if c.Place == "" {
		return output.Printable(c.Entry)
	}
	return output.Printable(c.Entry) + " (" + output.Printable(c.Place) + ")"
}

// Fate says what becomes of the user, for people.
func (a Answer) Fate() string {
	switch {
	case a.User == access.UserLost && a.LostAt == "":
		return "LOST"
	case a.User == access.UserLost:
		return "LOST at " + output.Printable(a.LostAt)
	default:
		return string(a.User)
	}
}

// Through names the services on the way, for people; empty if there is none.
func (a Answer) Through() string {
	var all []string
	for _, c := range a.Calls[:len(a.Calls)-1] {
		all = append(all, output.Printable(c.Service))
	}
	return strings.Join(all, " and ")
}
