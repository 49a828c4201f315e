package output

import "strings"

// MarkdownTable writes a table of GitHub's Markdown.
func (p *Page) MarkdownTable(head []string, rows [][]string) {
	line := func(cells []string) {
		for _, cell := range cells {
			p.Printf("| %s ", EscapeMarkdown(cell))
		}
		p.Printf("|\n")
	}
	line(head)
	p.Printf("%s|\n", strings.Repeat("|---", len(head)))
	for _, row := range rows {
		line(row)
	}
}

var markdownEscapes = strings.NewReplacer(
	`\`, `\\`, "`", "\\`", "*", `\*`, "_", `\_`, "[", `\[`, "]", `\]`, "|", `\|`, "~", `\~`, "#", `\#`,
	"&", "&amp;", "<", "&lt;", ">", "&gt;",
)

// EscapeMarkdown returns text that Markdown shows as it is.
func EscapeMarkdown(text string) string { return markdownEscapes.Replace(Printable(text)) }
