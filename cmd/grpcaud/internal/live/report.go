package live

import (
	"fmt"

	"github.com/grpcaud/grpcaud/cmd/grpcaud/internal/output"
)

// Report says what a running server did with calls that it must refuse.
type Report struct {
	Service string   `json:"service"`
	Target  string   `json:"target"`
	Method  string   `json:"method"`
	Probes  []*probe `json:"probes"`
	Notes   []string `json:"notes,omitempty"`
}

var colours = map[string]string{refused: output.Good, admitted: output.Bad, accepted: output.Bad, unknown: output.Doubt, skipped: output.Faint}

// Write implements [output.Answer].
func (r *Report) Write(p *output.Page, format string) {
	titles := []string{"a call with", "client", "result", "reason", "why"}
	rows := func(result func(string) string) (all [][]string) {
		for _, x := range r.Probes {
			all = append(all, []string{x.What, x.Client, result(x.Result), string(x.Got), x.Text})
		}
		return all
	}
	switch format {
	case "json":
		p.JSON(r)
	case "markdown":
		p.MarkdownTable(titles, rows(func(s string) string { return s }))
		p.Printf("\n%s\n", output.EscapeMarkdown(r.summary()))
	default:
		table := rows(func(s string) string { return p.Colour(colours[s], s) })
		for _, row := range table {
			row[1], row[3], row[4] = output.Printable(row[1]), output.Printable(row[3]), output.Printable(row[4])
		}
		p.Table("", append([][]string{p.Header(titles...)}, table...))
		for _, note := range r.Notes {
			p.Printf("note: %s\n", output.Printable(note))
		}
		p.Printf("%s\n", output.Printable(r.summary()))
	}
}

// count counts the probes with a result.
func (r *Report) count(result string) int {
	n := 0
	for _, p := range r.Probes {
		if p.Result == result {
			n++
		}
	}
	return n
}

// summary says what the calls show together.
func (r *Report) summary() string {
	text := fmt.Sprintf("%d refused, %d let through, %d unknown, %d skipped at %s, %s", r.count(refused), r.count(admitted)+r.count(accepted), r.count(unknown), r.count(skipped), r.Target, r.Method)
	switch {
	case r.count(admitted) > 0:
		return "ADMITTED: this server does not check. " + text
	case r.count(accepted) > 0:
		return "ACCEPTED: this server does not check the audience. " + text
	case !r.complete() && r.refusedBut(otherService):
		return text + "; this does not show that the server checks the audience"
	case !r.complete():
		return text + "; this does not show that the server checks"
	}
	return text
}

// complete reports whether each required call was refused, and the outcome of none is
// unknown.
func (r *Report) complete() bool { return r.refusedBut("") }

// refusedBut is complete without the call that has this token.
func (r *Report) refusedBut(what string) bool {
	for _, p := range r.Probes {
		if p.Result == unknown || p.required && p.Result != refused && p.What != what {
			return false
		}
	}
	return true
}

// Exit implements [output.Answer].
func (r *Report) Exit() error {
	switch {
	case r.count(admitted)+r.count(accepted) > 0:
		return output.No
	case !r.complete():
		return output.Unknown
	}
	return nil
}
