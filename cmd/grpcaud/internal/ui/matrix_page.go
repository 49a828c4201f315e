package ui

import (
	"html/template"
	"net/http"

	"github.com/grpcaud/grpcaud/cmd/grpcaud/internal/draw"
)

// matrixPage shows who may call what.
func (s *Server) matrixPage(w http.ResponseWriter, _ *http.Request) {
	var matrix template.HTML
	if d, err := draw.New(s.file.now().Policy, s.options.Set.Options, nil, nil); err == nil { // it only returns errors about names
		matrix = d.HTML()
	}
	s.render(w, http.StatusOK, page{Name: "matrix", Title: "Access matrix", Content: matrix})
}
