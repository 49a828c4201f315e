package draw

import (
	"strings"

	"github.com/grpcaud/grpcaud/cmd/grpcaud/internal/output"
)

func (d *Drawing) markdown(p *output.Page) {
	for _, s := range d.Services {
		p.Printf("## %s\n\n%s\n\n", output.EscapeMarkdown(s.Name), output.EscapeMarkdown(s.about()))
		for _, remark := range s.Remarks {
			p.Printf("* %s\n", output.EscapeMarkdown(remark))
		}
		if len(s.Remarks) > 0 {
			p.Printf("\n")
		}
		if len(s.Allow) > 0 {
			s.grid().markdown(p)
		}
	}
	if len(d.Public) > 0 {
		p.Printf("## public\n\nAnybody may call, without a token: %s.\n", output.EscapeMarkdown(output.List(d.Public)))
	}
}

func (g grid) markdown(p *output.Page) {
	head := []string{"client"}
	for _, methods := range g.Columns {
		head = append(head, output.List(methods))
	}
	rows := make([][]string, len(g.Rows))
	for i, r := range g.Rows {
		rows[i] = []string{output.List(r.Clients)}
		for _, c := range r.Cells {
			text := "—"
			if len(c.cell) > 0 {
				text = strings.Join(c.demands(), "; or ")
			}
			rows[i] = append(rows[i], text)
		}
	}
	p.MarkdownTable(head, rows)
	p.Printf("\n")
}
