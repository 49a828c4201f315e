package ui

import (
	"embed"
	"net/http"
	"strings"

	"github.com/grpcaud/grpcaud/cmd/grpcaud/internal/draw"
)

//go:embed page.html page.css page.js icon.svg
var assets embed.FS

// handler serves the pages.
func (s *Server) handler() http.Handler {
	pages := http.NewServeMux()
	pages.HandleFunc("GET /{$}", s.matrixPage)
	pages.HandleFunc("GET /service/{name}", s.servicePage)
	pages.HandleFunc("GET /reach", s.reachPage)
	pages.HandleFunc("GET /reach/{client}", s.reachOfClient)
	pages.HandleFunc("GET /review", s.reviewPage)
	pages.HandleFunc("GET /review/{client}", s.reviewOfClient)
	pages.HandleFunc("GET /token", s.tokenPage)
	pages.HandleFunc("POST /token", s.judge)
	pages.HandleFunc("GET /changes", s.changesPage)
	pages.HandleFunc("POST /changes", s.compare)
	pages.Handle("GET /events", s.events)
	pages.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodGet && r.Method != http.MethodHead {
			message(w, http.StatusMethodNotAllowed, "This page takes no form", "Use the forms of the page.")
			return
		}
		message(w, http.StatusNotFound, "There is no such page", "The pages are the matrix, its reach, its review, a token and the changes.")
	})
	folder := s.session.folder()
	all := http.NewServeMux()
	all.Handle(folder, s.forSession(http.StripPrefix(strings.TrimSuffix(folder, "/"), pages)))
	all.HandleFunc("GET /{$}", s.open)
	all.HandleFunc("/", s.refuse)
	all.HandleFunc("GET /style.css", asset("text/css; charset=utf-8", draw.Style, "page.css"))
	all.HandleFunc("GET /page.js", asset("text/javascript; charset=utf-8", "", "page.js"))
	all.HandleFunc("GET /icon.svg", asset("image/svg+xml", "", "icon.svg"))
	return s.protect(all)
}

// asset serves a text and an embedded file. They are the same for everybody.
func asset(contentType, before, name string) http.HandlerFunc {
	data, err := assets.ReadFile(name)
	if err != nil {
		panic(err) // it is not embedded
	}
	content := append([]byte(before), data...)
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", contentType)
		_, _ = w.Write(content)
	}
}
