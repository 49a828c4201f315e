package ui

import (
	"bytes"
	"html/template"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/grpcaud/grpcaud/cmd/grpcaud/internal/explain"
	"github.com/grpcaud/grpcaud/cmd/grpcaud/internal/output"
)

var pageTemplate = template.Must(template.New("page.html").Funcs(template.FuncMap{
	"plain": output.Printable,
	"list":  output.List,
	"few":   output.Few,
	"word":  output.ShellWord,
	"clock": func(t time.Time) string { return t.Format("15:04:05") },
	"lines": errorLines,
	"path":  url.PathEscape,
	"mark":  mark,
	"cause": func(m explain.MethodsJudgement) string { return string(m.Cause) },
}).ParseFS(assets, "page.html"))

// page is what every page shows.
type page struct {
	Name    string // of the template: matrix, reach, review, token, changes or message
	Title   string
	Path    string // of the matrix
	Up      string // the way to the folder of the pages
	Version int    // how many changes there were
	Files   []fileState
	Content any
	Result  result // of a form; nil if none was sent
}

// result is the answer to a form. Kind names its template.
type result interface{ Kind() string }

// fileState is the state of a file that is followed.
type fileState struct {
	Path  string
	Since time.Time
	Err   error
}

// page returns a page without content. Its version is read before the content, so that the
// browser hears of a change that comes between the two.
func (s *Server) page(name, title string) page {
	p := page{Name: name, Title: title, Path: s.file.path}
	p.Version, _ = s.events.now()
	for _, file := range []*followedFile{s.file, s.against} {
		if file != nil {
			v := file.now()
			p.Files = append(p.Files, fileState{file.path, v.Since, v.Err})
		}
	}
	return p
}

// write writes a page.
func (p page) write(w http.ResponseWriter, status int) {
	var text bytes.Buffer
	if err := pageTemplate.Execute(&text, p); err != nil {
		panic(err) // the template does not fit the page
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	_, _ = w.Write(text.Bytes()) // to a browser that may be gone
}

// notice says what is wrong with a request, and what to do.
type notice struct {
	Title, Text string
	Alone       bool // it is the page
}

// Kind implements result.
func (notice) Kind() string { return "notice" }

// message writes a page of a title and a text, which may be for a stranger.
func message(w http.ResponseWriter, status int, title, text string) {
	page{Name: "message", Title: title, Result: notice{title, text, true}}.write(w, status)
}

// errorLines returns the lines of an error, as the terminal has them.
func errorLines(err error) []string {
	var all []string
	for line := range strings.Lines(err.Error()) {
		all = append(all, output.Printable(output.StripPackage(strings.TrimSpace(line))))
	}
	return all
}
