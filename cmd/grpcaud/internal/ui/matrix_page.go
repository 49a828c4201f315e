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
	p := s.page("matrix", "Access matrix")
	policy := s.file.now().Policy
	d, err := draw.New(policy, s.options.Set.Options, nil, nil)
	switch {
	case err != nil: // it is about a name, and there is none
		message(w, http.StatusInternalServerError, "The matrix cannot be drawn", errorLines(err)[0])
		return
	case d.Large():
		p.Content = matrixView{Services: files.ServiceNames(policy.Matrix())}
	default:
		p.Content = matrixView{Drawing: d.HTML()}
	}
	p.write(w, http.StatusOK)
}

// servicePage shows who may call one service.
func (s *Server) servicePage(w http.ResponseWriter, r *http.Request) {
	p := s.page("matrix", "Access matrix")
	d, err := draw.New(s.file.now().Policy, s.options.Set.Options, []string{r.PathValue("name")}, nil)
	if err != nil {
		message(w, http.StatusNotFound, "There is no such service", errorLines(err)[0])
		return
	}
	p.Up, p.Content = "../", matrixView{Drawing: d.HTML()}
	p.write(w, http.StatusOK)
}
