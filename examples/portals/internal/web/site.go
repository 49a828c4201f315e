package web

import (
	"bytes"
	"embed"
	"fmt"
	"html/template"
	"io/fs"
	"net/http"
	"path"
)

//go:embed templates
var shared embed.FS

// Site is one portal as its pages show it. It is immutable, and safe for concurrent use.
type Site struct {
	Name   string // such as "Customer portal"
	Theme  string // the class of the page's colours in style.css
	Origin string // such as "http://customer.localhost:9201"
	Links  []Link // for users who are signed in

	pages map[string]*template.Template
}

// Link is a link of a page.
type Link struct{ Text, To string }

// Page is what the frame around a page's own content shows.
type Page struct {
	Title   string
	User    string // who is signed in; empty for nobody
	Form    string // the token that proves that a form is ours
	Follow  string // the address of the page's events; empty for none
	Content any
}

// frame is what the templates read.
type frame struct {
	*Site
	Page
	Here string // the path of the page
}

// ReadPages reads the site's own pages: each file of pages is a template that defines
// "content". It may use the parts that both portals have, such as "status" for an order.
func (s *Site) ReadPages(pages fs.FS) error {
	layout, err := template.New("layout.html").Funcs(template.FuncMap{"plain": Plain}).ParseFS(shared, "templates/layout.html", "templates/parts/*.html")
	if err != nil {
		return fmt.Errorf("web: %w", err)
	}
	s.pages = map[string]*template.Template{}
	for _, from := range []fs.FS{shared, pages} {
		files, err := fs.Glob(from, "templates/*.html")
		if err != nil {
			return fmt.Errorf("web: %w", err)
		}
		for _, file := range files {
			page, err := template.Must(layout.Clone()).ParseFS(from, file)
			if err != nil {
				return fmt.Errorf("web: %w", err)
			}
			s.pages[path.Base(file)] = page
		}
	}
	return nil
}

// Show writes a page. The page is complete before its first byte is sent.
func (s *Site) Show(w http.ResponseWriter, r *http.Request, status int, name string, p Page) {
	var page bytes.Buffer
	if err := s.pages[name].ExecuteTemplate(&page, "layout.html", frame{s, p, r.URL.Path}); err != nil {
		http.Error(w, "This page cannot be shown. Tell the operator of the portal.", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	_, _ = page.WriteTo(w) // the browser may have gone
}
