package review

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/grpcaud/grpcaud/cmd/grpcaud/internal/descriptor"
	"github.com/grpcaud/grpcaud/cmd/grpcaud/internal/output"
	"github.com/grpcaud/grpcaud/cmd/grpcaud/internal/recorded"
)

// findings lists what was found, kind by kind, and by the name of the service.
func (u *uses) findings() []Finding {
	all := u.breaking()
	for _, name := range slices.Sorted(maps.Keys(u.judge.services)) {
		all = append(all, u.ofService(u.judge.services[name])...)
	}
	all = append(all, u.overdue()...)
	all = append(all, u.unknown()...)
	order := func(f Finding) int { return slices.IndexFunc(titles, func(t title) bool { return t.kind == f.Kind }) }
	slices.SortStableFunc(all, func(a, b Finding) int { return order(a) - order(b) })
	return all
}

// ofService returns the findings about the grants of a service.
func (u *uses) ofService(s *service) []Finding {
	if len(s.entries) > 0 && u.services[s.number].Records == 0 {
		return []Finding{{
			Kind: NotKnown, Service: s.name, Place: u.judge.policy.Place("services", s.name), Purpose: purposeOf(s.matrix.Purpose),
			Text: "no records of " + output.Printable(s.name) + u.inTime() + ": was its log given?",
		}}
	}
	var all []Finding
	for i := range s.entries {
		all = append(all, u.ofEntry(s, i)...)
	}
	return append(all, u.scopesOfAll(s)...)
}

// inTime says since when records count, if earlier ones were left out.
func (u *uses) inTime() string {
	if u.log.Earlier == 0 {
		return ""
	}
	return " since " + output.Stamp(u.since)
}

// entry begins a finding about an entry.
func (u *uses) entry(kind Kind, s *service, entry int) Finding {
	t := u.services[s.number]
	return Finding{
		Kind: kind, Service: s.name, Entry: s.entries[entry].Name, Place: s.entries[entry].Place, Purpose: s.purpose(entry),
		From: point(t.First), To: point(t.Last),
	}
}

// ofEntry returns the findings about the use of one entry.
func (u *uses) ofEntry(s *service, entry int) []Finding {
	a, methods := s.matrix.Allow[entry], u.methodsOf(s, entry)
	every := slices.Contains(a.Methods, descriptor.EveryMethod)
	var all []Finding
	var used []string
	for _, client := range clientsOf(a) {
		var missing []string
		calls := false
		for _, method := range methods {
			if u.of(s, entry, client, method).Records > 0 {
				calls = true
			} else {
				missing = append(missing, method)
			}
		}
		if calls {
			used = append(used, client)
		}
		if !calls || len(missing) > 0 && !every {
			all = append(all, u.unused(s, entry, client, missing, calls))
		}
	}
	switch {
	case len(used) == 0:
		return []Finding{u.unusedEntry(s, entry)}
	case len(used) == 1 && len(a.Clients) > 1 && u.known(s):
		f := u.entry(OnlyOneClient, s, entry)
		f.Client, f.Remark = used[0], true
		f.Text = fmt.Sprintf("of %s, only %s uses %s", output.Plural(len(a.Clients), "client"), output.Printable(used[0]), f.Entry)
		all = append(all, f)
	}
	if every {
		all = append(all, u.neverCalled(s, entry)...)
	}
	return all
}

// unusedEntry says that nobody used an entry.
func (u *uses) unusedEntry(s *service, entry int) Finding {
	f := u.entry(Unused, s, entry)
	f.Methods = s.matrix.Allow[entry].Methods
	f.Text = "nobody used " + output.Printable(f.Entry) + u.howKnown(&f, s)
	return f
}

// unused says which methods a client did not call.
func (u *uses) unused(s *service, entry int, client string, methods []string, calls bool) Finding {
	f := u.entry(Unused, s, entry)
	f.Client, f.Methods = client, methods
	what := "never called " + output.Few(methods) + " by "
	if !calls {
		f.Methods, what = s.matrix.Allow[entry].Methods, "never used "
	}
	f.Text = called(client) + " " + what + output.Printable(f.Entry) + u.howKnown(&f, s)
	return f
}

// called names a client, for people.
func called(client string) string {
	if client == "" {
		return "any client"
	}
	return output.Printable(client)
}

// howKnown ends the text of a finding that something was not used, with the time of the
// records. If records may be missing, it is another kind of finding.
func (u *uses) howKnown(f *Finding, s *service) string {
	if u.known(s) {
		return ", " + u.span(s)
	}
	f.Kind = NotKnown
	return ", as far as is known: " + u.whyUnknown()
}

// whyUnknown says which records may be missing.
func (u *uses) whyUnknown() string {
	var parts []string
	if n := len(u.log.Gaps); n > 0 {
		whole := u.gap()
		parts = append(parts, fmt.Sprintf("missing are %s between %s and %s", output.Plural(whole.Records, "record"), output.Stamp(whole.First), output.Stamp(whole.Last)))
	}
	if len(u.log.Unread) > 0 {
		parts = append(parts, "lines were not read that may be records")
	}
	if u.uncounted > 0 {
		parts = append(parts, output.Plural(u.uncounted, "record")+" could not be counted apart")
	}
	return strings.Join(parts, ", and ")
}

// gap is the time of all gaps.
func (u *uses) gap() (whole recorded.Count) {
	for _, g := range u.log.Gaps {
		whole.Add(g)
	}
	return whole
}

// neverCalled says which methods "*" stands for that nobody called.
func (u *uses) neverCalled(s *service, entry int) []Finding {
	f := u.entry(NeverCalled, s, entry)
	all := u.methodsOf(s, entry)
	var calls []string
	for _, method := range all {
		used := slices.ContainsFunc(clientsOf(s.matrix.Allow[entry]), func(client string) bool { return u.of(s, entry, client, method).Records > 0 })
		if used {
			calls = append(calls, method)
		} else {
			f.Methods = append(f.Methods, method)
		}
	}
	known := ""
	if !s.complete {
		known = "; without descriptors, only the methods are known that the file and the records name"
	}
	if len(f.Methods) == 0 {
		f.Remark = true
		f.Text = fmt.Sprintf("%s has \"*\", which includes methods that are added later; called were %s%s", output.Printable(f.Entry), output.Few(calls), known)
		return []Finding{f}
	}
	f.Text = fmt.Sprintf("%s has \"*\", and nobody called %s by it", output.Printable(f.Entry), output.Few(f.Methods))
	f.Text += u.howKnown(&f, s) + known
	return []Finding{f}
}

// overdue lists what should have been reviewed.
func (u *uses) overdue() []Finding {
	var all []Finding
	m := u.judge.matrix
	for _, p := range u.judge.policy.Overdue(u.judge.now) {
		at := p.Path[:len(p.Path)-1]
		f := Finding{Kind: Overdue, Text: strings.TrimSuffix(p.Error(), ": "+p.Text) + ": " + p.Text, Place: u.judge.policy.Place(at...)}
		switch {
		case len(at) == 4:
			s := u.judge.services[at[1]]
			i, err := strconv.Atoi(at[3])
			if err != nil {
				panic(err) // it is the path of an entry
			}
			f.Service, f.Entry, f.Purpose = s.name, s.entries[i].Name, s.purpose(i)
		case at[0] == "clients":
			f.Client, f.Purpose = at[1], purposeOf(m.Clients[at[1]].Purpose)
		case at[0] == "external":
			f.Service, f.Purpose = at[1], purposeOf(m.External[at[1]].Purpose)
		default:
			f.Service, f.Purpose = at[1], purposeOf(m.Services[at[1]].Purpose)
		}
		all = append(all, f)
	}
	return all
}
