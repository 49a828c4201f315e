package main

import "strings"

func (d *drawing) markdown(p *page) {
	for _, s := range d.Services {
		p.printf("## %s\n\n%s\n\n", markdown(s.Name), markdown(s.about()))
		for _, remark := range s.Remarks {
			p.printf("* %s\n", markdown(remark))
		}
		if len(s.Remarks) > 0 {
			p.printf("\n")
		}
		if len(s.Allow) > 0 {
			s.grid().markdown(p)
		}
	}
	if len(d.Public) > 0 {
		p.printf("## public\n\nAnybody may call, without a token: %s.\n", markdown(words(d.Public)))
	}
}

func (g grid) markdown(p *page) {
	head := []string{"client"}
	for _, methods := range g.Columns {
		head = append(head, words(methods))
	}
	rows := make([][]string, len(g.Rows))
	for i, r := range g.Rows {
		rows[i] = []string{words(r.Clients)}
		for _, c := range r.Cells {
			text := "—"
			if len(c) > 0 {
				text = strings.Join(c.demands(), "; or ")
			}
			rows[i] = append(rows[i], text)
		}
	}
	p.markdownTable(head, rows)
	p.printf("\n")
}

// markdownTable writes a table of GitHub's Markdown.
func (p *page) markdownTable(head []string, rows [][]string) {
	line := func(cells []string) {
		for _, cell := range cells {
			p.printf("| %s ", markdown(cell))
		}
		p.printf("|\n")
	}
	line(head)
	p.printf("%s|\n", strings.Repeat("|---", len(head)))
	for _, row := range rows {
		line(row)
	}
}

var markdownEscapes = strings.NewReplacer(
	`\`, `\\`, "`", "\\`", "*", `\*`, "_", `\_`, "[", `\[`, "]", `\]`, "|", `\|`, "~", `\~`, "#", `\#`,
	"&", "&amp;", "<", "&lt;", ">", "&gt;",
)

// markdown returns text that Markdown shows as it is.
func markdown(text string) string { return markdownEscapes.Replace(printable(text)) }
