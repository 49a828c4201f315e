package review

import (
	_ "embed"
	"fmt"
	"html/template"
	"slices"
	"strings"

	"github.com/grpcaud/grpcaud/cmd/grpcaud/internal/draw"
	"github.com/grpcaud/grpcaud/cmd/grpcaud/internal/output"
)

//go:embed review.html
var pageText string

var pageTemplate = template.Must(template.New("review.html").Funcs(template.FuncMap{
	"plain":    output.Printable,
	"few":      output.Few,
	"day":      output.Day,
	"stamp":    output.Stamp,
	"client":   clientTitle,
	"lastUsed": lastUsed,
	"lines":    Log.lines,
	"titles":   func() any { return titles },
	"name":     func(t title) string { return t.text },
	"of":       func(r *Report, t title) []Finding { return r.of(t.kind) },
	"shown":    shown,
	"more":     more,
}).Parse(pageText))

// view is what the template shows.
type view struct {
	*Report
	Sheet bool // to be filled in, with what is to be done about each grant
}

// html writes a page without other files, to be printed.
func (r *Report) html(p *output.Page) { draw.WritePage(p, "Access review", view{r, true}.html()) }

// HTML returns the report as sections of a page, for the style sheet [draw.Style].
func (r *Report) HTML() template.HTML { return view{r, false}.html() }

func (v view) html() template.HTML {
	var text strings.Builder
	if err := pageTemplate.ExecuteTemplate(&text, "review", v); err != nil {
		panic(err) // the template does not fit the report
	}
	return template.HTML(text.String())
}

// OfClient returns the part of the report that is about one client: what it may call, and
// what any client may call.
func (r *Report) OfClient(name string) *Report {
	part, entries := *r, map[string]bool{}
	part.Clients = slices.DeleteFunc(slices.Clone(r.Clients), func(c Client) bool { return c.Name != name && c.Name != "" })
	for _, c := range part.Clients {
		for _, g := range c.Grants {
			entries[g.Entry] = true
		}
	}
	part.Findings = slices.DeleteFunc(slices.Clone(r.Findings), func(f Finding) bool {
		return f.Kind == UnknownClient || f.Client != name && (f.Client != "" || !entries[f.Entry])
	})
	return &part
}

func clientTitle(name string) string {
	if name == "" {
		return "Any client"
	}
	return output.Printable(name)
}

// lastUsed says when a grant was last used, or in which time it was not.
func lastUsed(g Grant) string {
	switch {
	case g.Last != nil:
		return output.Day(*g.Last)
	case g.From == nil:
		return "not known: no records of the service"
	case g.Unknown:
		return "not known: records may be missing"
	default:
		return fmt.Sprintf("not from %s to %s", output.Day(*g.From), output.Day(*g.To))
	}
}

// markdown writes the report as the sheet of a review.
func (r *Report) markdown(p *output.Page) {
	p.Printf("# Access review\n\nMatrix %s, policy %s, reviewed %s.\n", output.EscapeMarkdown(r.Matrix), output.EscapeMarkdown(r.Policy), output.Day(r.Until))
	for _, line := range r.Log.lines() {
		p.Printf("\n%s\n", output.EscapeMarkdown(line))
	}
	for _, t := range titles {
		all := r.of(t.kind)
		if len(all) == 0 {
			continue
		}
		p.Printf("\n## %s\n\n", output.EscapeMarkdown(t.text))
		for _, f := range shown(all) {
			p.Printf("- %s", output.EscapeMarkdown(f.Text))
			if details := f.details(); details != "" {
				p.Printf(" (%s)", output.EscapeMarkdown(details))
			}
			p.Printf("\n")
		}
		if text := more(all); text != "" {
			p.Printf("\n%s\n", text)
		}
	}
	for _, c := range r.Clients {
		c.markdown(p)
	}
}

func (c Client) markdown(p *output.Page) {
	p.Printf("\n## %s\n", output.EscapeMarkdown(clientTitle(c.Name)))
	if text := (Finding{Place: c.Place, Purpose: c.Purpose}).details(); text != "" {
		p.Printf("\n%s\n", output.EscapeMarkdown(text))
	}
	if len(c.Grants) == 0 {
		p.Printf("\nNo entry names this client.\n")
		return
	}
	var rows [][]string
	for _, g := range c.Grants {
		rows = append(rows, []string{
			output.Printable(g.Service) + "/" + output.Few(g.Methods), g.Demands, g.Why, g.Owner, g.ReviewBy, lastUsed(g), fmt.Sprint(g.Calls), output.Few(g.Unused), g.Place, "☐ keep ☐ remove",
		})
	}
	p.Printf("\n")
	p.MarkdownTable([]string{"may call", "needs", "why", "owner", "review by", "last used", "calls", "not called", "place", "decision"}, rows)
}
