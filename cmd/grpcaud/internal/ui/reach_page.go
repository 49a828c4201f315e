package ui

import (
	"html/template"
	"net/http"

	"github.com/grpcaud/grpcaud/cmd/grpcaud/internal/files"
	"github.com/grpcaud/grpcaud/cmd/grpcaud/internal/reach"
)

// reachView is what one client, or each, can reach.
type reachView struct {
	Clients []string
	Client  string // the one that is shown; empty for all
	Ways    template.HTML
}

// reachPage shows what each client can reach, as far as it fits on a page.
func (s *Server) reachPage(w http.ResponseWriter, _ *http.Request) { s.reach(w, "", "") }

// reachOfClient shows what one client can reach.
func (s *Server) reachOfClient(w http.ResponseWriter, r *http.Request) {
	s.reach(w, r.PathValue("client"), "../")
}

func (s *Server) reach(w http.ResponseWriter, client, up string) {
	p := s.page("reach", "Reach")
	policy := s.file.now().Policy
	q, err := reach.Ask(policy, client, "")
	if err != nil {
		message(w, http.StatusNotFound, "There is no such client", errorLines(err)[0])
		return
	}
	p.Up, p.Content = up, reachView{files.ClientNames(policy.Matrix()), client, q.HTML()}
	p.write(w, http.StatusOK)
}
