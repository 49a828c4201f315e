package reach

import (
	"bytes"
	_ "embed"
	"encoding/json"
	"html/template"
	"slices"
	"strings"

	"github.com/grpcaud/grpcaud/audience/access"
	"github.com/grpcaud/grpcaud/cmd/grpcaud/internal/draw"
	"github.com/grpcaud/grpcaud/cmd/grpcaud/internal/output"
)

// most is the largest number of ways that a table or a page shows. JSON has all.
const most = 2000

// can says what the answers are.
const can = "This is what can be: each call is admitted by the entry beside it. Which calls a handler really makes is not known."

// shown are the answers of a table or a page.
type shown struct {
	Answers []Answer
	Notes   []string
}

// show collects what a table or a page shows.
func (q Question) show() shown {
	var s shown
	reached := map[string]bool{}
	more := false
	for a := range q.Answers() {
		if more = len(s.Answers) == most; more {
			break
		}
		s.Answers = append(s.Answers, a)
		for _, c := range a.Calls {
			reached[c.Service] = true
		}
	}
	if len(s.Answers) == 0 {
		s.Notes = append(s.Notes, q.nobody())
		return s
	}
	s.Notes = append(s.Notes, can)
	switch {
	case q.enforced && q.rollouts():
		s.Notes = append(s.Notes, "Rollouts are left out: this is what can be when all of them have ended.")
	case slices.ContainsFunc(s.Answers, Answer.unenforced):
		s.Notes = append(s.Notes, "Until their ends, rollouts let calls through, whatever the entries say. What can be afterwards is shown by grpcaud reach --enforced.")
	}
	if hint := q.methodHint(); hint != "" {
		s.Notes = append(s.Notes, hint)
	}
	if slices.ContainsFunc(s.Answers, func(a Answer) bool { return a.User == access.UserLost }) {
		s.Notes = append(s.Notes, "LOST: the service calls as itself for what a user asked of it, so the next one cannot know for whom. callers: users in its entry refuses that.")
	}
	if unknown := q.unknown(reached); len(unknown) > 0 {
		s.Notes = append(s.Notes, "Not known is what these call, since the matrix has no client for them: "+output.Few(unknown)+". Write runs_as there, or runs_as: none.")
	}
	if more {
		s.Notes = append(s.Notes, "There are more ways than are shown here: choose a client (--from), or write JSON.")
	}
	return s
}

// rollouts reports whether the matrix has any.
func (q Question) rollouts() bool {
	for _, s := range q.policy.Matrix().Services {
		if len(s.Rollout) > 0 {
			return true
		}
	}
	return false
}

// nobody says that there is no way.
func (q Question) nobody() string {
	who, what := "no client", "any service"
	if len(q.from) == 1 {
		who = output.Printable(q.from[0])
	}
	if q.to != "" {
		what = output.Printable(q.to)
	}
	if q.method != "" {
		what += "/" + output.Printable(q.method)
	}
	text := "By the matrix there is no way from " + who + " to " + what + "."
	if who == "no client" {
		text = "By the matrix no client can reach " + what + "."
	}
	switch {
	case !q.rollouts():
	case q.enforced:
		text += " Rollouts are left out."
	default:
		text += " Until their ends, rollouts may let calls of clients through that the matrix does not name."
	}
	if unknown := q.unknown(q.reachable()); len(unknown) > 0 {
		text += " It is not known what these call: " + output.Few(unknown) + "."
	}
	return text
}

// reachable returns all services that the clients of the question reach.
func (q Question) reachable() map[string]bool {
	all := map[string]bool{}
	for a := range (Question{policy: q.policy, from: q.from, enforced: q.enforced}).Answers() {
		all[a.To] = true
	}
	return all
}

// Write writes the answers in one of the formats of the command, and reports whether there
// are any.
func (q Question) Write(p *output.Page, format string) bool {
	if format == "json" {
		return q.json(p)
	}
	s := q.show()
	if format == "html" {
		draw.WritePage(p, "Reach", s.html())
	} else {
		s.table(p)
	}
	return len(s.Answers) > 0
}

// table writes a table for each way, with a row for each call.
func (s shown) table(p *output.Page) {
	for _, a := range s.Answers {
		fate := a.Fate()
		if a.User == access.UserLost {
			fate = p.Colour(output.Bad, fate)
		}
		p.Printf("%s, user %s\n", p.Colour(output.Bold, output.Printable(a.From)+" → "+a.Target()), fate)
		var rows [][]string
		for _, c := range a.Calls {
			rows = append(rows, []string{c.Target(), c.By(), p.Colour(output.Faint, c.Rests())})
		}
		p.Table("  ", rows)
	}
	if len(s.Answers) > 0 {
		p.Printf("\n")
	}
	for _, note := range s.Notes {
		p.Printf("%s\n", note)
	}
}

// json writes all answers, one by one, since there may be millions.
func (q Question) json(p *output.Page) bool {
	any := false
	p.Printf("{\n  \"reach\": [")
	for a := range q.Answers() {
		var text bytes.Buffer
		encoder := json.NewEncoder(&text)
		encoder.SetEscapeHTML(false)
		encoder.SetIndent("    ", "  ")
		if err := encoder.Encode(a); err != nil {
			panic(err) // JSON has no form for the type of a
		}
		if any {
			p.Printf(",")
		}
		p.Printf("\n    %s", strings.TrimSpace(output.EscapeJSON(text.String())))
		any = true
	}
	p.Printf("\n  ]\n}\n")
	return any
}

//go:embed reach.html
var pageText string

var pageTemplate = template.Must(template.New("reach.html").Funcs(template.FuncMap{"plain": output.Printable}).Parse(pageText))

// HTML returns the answers as a section of a page, for the style sheet [draw.Style].
func (q Question) HTML() template.HTML { return q.show().html() }

func (s shown) html() template.HTML {
	var text strings.Builder
	if err := pageTemplate.ExecuteTemplate(&text, "reach", s); err != nil {
		panic(err) // the template does not fit the answers
	}
	return template.HTML(text.String())
}
