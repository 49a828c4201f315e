package review

import (
	"maps"
	"slices"
	"time"

	"github.com/grpcaud/grpcaud/cmd/grpcaud/internal/draw"
	"github.com/grpcaud/grpcaud/cmd/grpcaud/internal/recorded"
)

// Report returns what was found so far.
func (c *Counter) Report() *Report { return c.uses().report() }

func (u *uses) report() *Report {
	return &Report{
		Matrix: u.matrix, Policy: u.judge.policy.Generation(), Since: point(u.since), Until: u.judge.now.UTC(),
		Log: u.summary(), Findings: append([]Finding{}, u.findings()...), Services: u.serviceList(), Clients: u.sheet(),
	}
}

// enough is how much time must be left after the last gap for a review without it.
const enough = 7 * 24 * time.Hour

// summary says what was read.
func (u *uses) summary() Log {
	l := u.log
	l.Records, l.First, l.Last = u.all.Records, point(u.all.First), point(u.all.Last)
	l.Uncounted = u.uncounted
	l.Complete = u.complete && l.Records > 0
	l.Gaps, l.Unread = append([]recorded.Count{}, l.Gaps...), append([]string{}, l.Unread...)
	if len(l.Gaps) > 0 && len(l.Unread) == 0 && u.uncounted == 0 {
		if after := u.gap().Last.Truncate(time.Second).Add(time.Second); u.all.Last.Sub(after) >= enough {
			l.Suggested = &after
		}
	}
	return l
}

func (u *uses) serviceList() []Service {
	all := []Service{}
	for _, name := range slices.Sorted(maps.Keys(u.judge.services)) {
		s := u.judge.services[name]
		t := u.services[s.number]
		all = append(all, Service{
			Name: name, Place: u.judge.policy.Place("services", name), Purpose: purposeOf(s.matrix.Purpose), Times: timesOf(t.Count),
			Admitted: t.admitted, Refused: t.refused, WouldRefuse: t.wouldRefuse,
		})
	}
	return all
}

// sheet lists what each client may call, with its use.
func (u *uses) sheet() []Client {
	grants := map[string][]Grant{}
	for _, name := range slices.Sorted(maps.Keys(u.judge.services)) {
		s := u.judge.services[name]
		for i, a := range s.matrix.Allow {
			for _, client := range clientsOf(a) {
				grants[client] = append(grants[client], u.grant(s, i, client))
			}
		}
	}
	clients := u.judge.matrix.Clients
	all := []Client{}
	for _, name := range slices.Sorted(maps.Keys(clients)) {
		c := clients[name]
		all = append(all, Client{name, c.ID, u.judge.policy.Place("clients", name), purposeOf(c.Purpose), append([]Grant{}, grants[name]...)})
	}
	if any := grants[""]; len(any) > 0 {
		all = append(all, Client{Grants: any})
	}
	return all
}

// grant says what an entry lets a client call, and what it did call.
func (u *uses) grant(s *service, entry int, client string) Grant {
	a, span := s.matrix.Allow[entry], u.services[s.number]
	g := Grant{
		Service: s.name, Entry: s.entries[entry].Name, Place: s.entries[entry].Place, Purpose: s.purpose(entry),
		Methods: a.Methods, Demands: draw.Demands(a), Used: []Use{}, Unused: []string{}, Unknown: !u.known(s),
		From: point(span.First), To: point(span.Last),
	}
	var t recorded.Count
	for _, method := range u.methodsOf(s, entry) {
		used := u.of(s, entry, client, method)
		if used.Records == 0 {
			g.Unused = append(g.Unused, method)
			continue
		}
		t.Add(used)
		g.Used = append(g.Used, Use{method, timesOf(used)})
	}
	g.Times = timesOf(t)
	return g
}
