package review

import (
	"fmt"
	"slices"
	"strings"

	"github.com/grpcaud/grpcaud/cmd/grpcaud/internal/output"
)

// mostShown is how many findings of a kind a table or a page shows. JSON has all.
const mostShown = 200

// title is a kind in words.
type title struct {
	kind         Kind
	text, colour string
}

// titles are the kinds in the order of a report.
var titles = []title{
	{WouldBreak, "Calls that will be refused when the rules are enforced", output.Bad},
	{Unused, "Nobody uses", output.Doubt},
	{NeverCalled, "Methods under \"*\"", output.Doubt},
	{NotKnown, "Not known, since records may be missing", output.Doubt},
	{Overdue, "A review was due", output.Doubt},
	{UnknownService, "Services that the file does not name", output.Doubt},
	{UnknownClient, "Clients that the file does not name", output.Faint},
	{OnlyOneClient, "Only one of several clients uses", output.Faint},
	{ScopeOfAll, "Scopes that every caller has", output.Faint},
}

// Write writes the report in one of the formats of the command.
func (r *Report) Write(p *output.Page, format string) {
	switch format {
	case "json":
		r.json(p)
	case "markdown":
		r.markdown(p)
	case "html":
		r.html(p)
	default:
		r.table(p)
	}
}

func (r *Report) json(p *output.Page) {
	members := []output.Member{{Name: "matrix", Value: r.Matrix}, {Name: "policy", Value: r.Policy}}
	if r.Since != nil {
		members = append(members, output.Member{Name: "since", Value: r.Since})
	}
	p.JSONObject(append(members, output.Member{Name: "until", Value: r.Until}, output.Member{Name: "log", Value: r.Log},
		output.Member{Name: "findings", Value: output.Items[Finding](r.Findings)},
		output.Member{Name: "services", Value: output.Items[Service](r.Services)},
		output.Member{Name: "clients", Value: output.Items[Client](r.Clients)})...)
}

// Exit returns the exit status that goes with the report.
func (r *Report) Exit() error {
	if slices.ContainsFunc(r.Findings, func(f Finding) bool { return !f.Remark }) {
		return output.No
	}
	return nil
}

// Count returns how many findings there are, without the remarks, and how many remarks.
func (r *Report) Count() (findings, remarks int) {
	for _, f := range r.Findings {
		if f.Remark {
			remarks++
		} else {
			findings++
		}
	}
	return findings, remarks
}

func (r *Report) table(p *output.Page) {
	for _, line := range r.Log.lines() {
		p.Printf("%s\n", line)
	}
	for _, t := range titles {
		all := r.of(t.kind)
		if len(all) == 0 {
			continue
		}
		p.Printf("\n%s\n", p.Colour(t.colour, t.text))
		for _, f := range shown(all) {
			p.Printf("  %s\n", f.Text)
			if details := f.details(); details != "" {
				p.Printf("    %s\n", p.Colour(output.Faint, details))
			}
		}
		if text := more(all); text != "" {
			p.Printf("  %s\n", text)
		}
	}
	findings, remarks := r.Count()
	p.Printf("\n%s, %s\n", output.Plural(findings, "finding"), output.Plural(remarks, "remark"))
}

func shown(all []Finding) []Finding { return all[:min(len(all), mostShown)] }

// more says how many findings are not shown; empty if all are.
func more(all []Finding) string {
	if n := len(all) - mostShown; n > 0 {
		return "and " + output.Plural(n, "other") + ": see -o json"
	}
	return ""
}

// of returns the findings of a kind.
func (r *Report) of(kind Kind) []Finding {
	return slices.DeleteFunc(slices.Clone(r.Findings), func(f Finding) bool { return f.Kind != kind })
}

// lines says in sentences what was read.
func (l Log) lines() []string {
	if l.Records == 0 {
		text := "No records"
		if l.Earlier > 0 {
			text += " in that time, and " + before(l.Earlier)
		}
		return []string{text + "."}
	}
	all := []string{fmt.Sprintf("%s from %s to %s, %s.", output.Plural(l.Records, "record"), output.Stamp(*l.First), output.Stamp(*l.Last), l.underThis())}
	if l.Earlier > 0 {
		all = append(all, before(l.Earlier)+": they do not count.")
	}
	if l.Later > 0 {
		all = append(all, output.Plural(l.Later, "record")+" from the future: is the clock of a server wrong?")
	}
	if l.ThisPolicy < l.Records {
		all = append(all, "Records of other versions were judged again by this one; what a record cannot show, such as claims, counts as met.")
	}
	for _, g := range l.Gaps[:min(3, len(l.Gaps))] {
		all = append(all, fmt.Sprintf("Missing are %s between %s and %s.", output.Plural(g.Records, "record"), output.Stamp(g.First), output.Stamp(g.Last)))
	}
	if more := len(l.Gaps) - 3; more > 0 {
		all = append(all, fmt.Sprintf("There are %s.", output.Plural(more, "other gap")))
	}
	for _, text := range l.Unread {
		all = append(all, "Records may be among what was not read: "+output.Printable(text))
	}
	if l.Uncounted > 0 {
		all = append(all, output.Plural(l.Uncounted, "record")+" could not be counted apart: the log has too many kinds of calls.")
	}
	if l.Suggested != nil {
		all = append(all, "For what came after the gaps, add --since "+output.Stamp(*l.Suggested)+".")
	}
	return all
}

// underThis says how many records were written under the file as it is.
func (l Log) underThis() string {
	switch l.ThisPolicy {
	case 0:
		return "written under other versions of the file"
	case l.Records:
		return "written under this version of the file"
	default:
		return fmt.Sprintf("%d of them written under this version of the file", l.ThisPolicy)
	}
}

func before(n uint64) string { return output.Plural(n, "record") + " from before that time" }

// details says where a finding stands, who answers for it and why it is there.
func (f Finding) details() string {
	var parts []string
	add := func(what, text string) {
		if text != "" {
			parts = append(parts, what+output.Printable(text))
		}
	}
	add("", f.Place)
	add("owner ", f.Owner)
	add("review by ", f.ReviewBy)
	if f.Last != nil {
		add("last ", output.Stamp(*f.Last))
	}
	add("why: ", f.Why)
	return strings.Join(parts, ", ")
}
