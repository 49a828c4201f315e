package draw

import (
	"embed"
	"html/template"
	"strings"

	"github.com/grpcaud/grpcaud/cmd/grpcaud/internal/output"
)

//go:embed page.html matrix.html changes.html
var pages embed.FS

// Style is the style sheet of [Drawing.HTML] and of [WritePage].
//
//go:embed matrix.css
var Style string

var matrixTemplate = template.Must(template.New("matrix.html").Funcs(template.FuncMap{
	"alternatives": gridCell.demands,
	"grid":         service.grid,
	"id":           func(s service) string { return s.id },
	"at":           func(s service) string { return s.at.service },
	"methods":      func(e entry) string { return output.List(e.methodNames()) },
	"needs":        func(e entry) string { return e.demands.String() },
	"plain":        output.Printable,
	"few":          output.Few,
	"joined":       change.join,
	"anyOf":        func(values []string) string { return output.Join(values, " or ") },
}).ParseFS(pages, "*.html"))

// WritePage writes a page without other files, around content for the style sheet [Style].
func WritePage(p *output.Page, title string, content template.HTML) {
	// Its error can only be that of p, and Flush returns it.
	_ = matrixTemplate.ExecuteTemplate(p, "page.html", map[string]any{"Title": title, "Style": template.CSS(Style), "Content": content})
}

// html writes a page without other files.
func (d *Drawing) html(p *output.Page) { WritePage(p, "Access matrix", d.HTML()) }

// mostCells is the largest number of cells of services that open something: a page with
// more would be too large for a browser.
const mostCells = 5000

// Large reports whether there are too many cells to open what stands behind each.
func (d *Drawing) Large() bool {
	cells := 0
	for _, s := range d.Services {
		cells += len(clientClasses(s.Allow)) * len(methodClasses(s.Allow))
	}
	return cells > mostCells
}

// HTML returns the drawing as sections of a page, for the style sheet [Style]. A click on
// a cell, or the key Enter, opens what stands behind it, without a script, unless the
// drawing is [Drawing.Large].
func (d *Drawing) HTML() template.HTML {
	var text strings.Builder
	if err := matrixTemplate.ExecuteTemplate(&text, "matrix", map[string]any{"Drawing": d, "Overview": d.overview(), "Large": d.Large()}); err != nil {
		panic(err) // the template does not fit the drawing
	}
	return template.HTML(text.String())
}
