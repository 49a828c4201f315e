package ui

import (
	"html/template"
	"net/http"

	"github.com/grpcaud/grpcaud/cmd/grpcaud/internal/draw"
	"github.com/grpcaud/grpcaud/cmd/grpcaud/internal/files"
)

// matrixView is a matrix, or, if it is too large for one page, the names of its services.
type matrixView struct {
	Drawing  template.HTML
	Services []string
}

// matrixPage shows who may call what.
func (s *Server) matrixPage(w http.ResponseWriter, _ *http.Request) {
	policy := s.file.now().Policy
	d, err := draw.New(policy, s.options.Set.Options, nil, nil)
	switch {
	case err != nil: // it is about a name, and there is none
		s.message(w, http.StatusInternalServerError, "The matrix cannot be drawn", errorLines(err)[0])
	case d.Large():
		s.render(w, http.StatusOK, page{Name: "matrix", Title: "Access matrix", Content: matrixView{Services: files.ServiceNames(policy.Matrix())}})
	default:
		s.render(w, http.StatusOK, page{Name: "matrix", Title: "Access matrix", Content: matrixView{Drawing: d.HTML()}})
	}
}

// servicePage shows who may call one service.
func (s *Server) servicePage(w http.ResponseWriter, r *http.Request) {
	d, err := draw.New(s.file.now().Policy, s.options.Set.Options, []string{r.PathValue("name")}, nil)
	if err != nil {
		s.message(w, http.StatusNotFound, "There is no such service", errorLines(err)[0])
		return
	}
	s.render(w, http.StatusOK, page{Name: "matrix", Title: "Access matrix", Up: "../", Content: matrixView{Drawing: d.HTML()}})
}
