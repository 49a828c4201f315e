package web

import "net/http"

// Problem is a page that says why there is no other, and what to do.
type Problem struct {
	Status int    // of HTTP
	Title  string // what happened
	Text   string // what to do
	Next   Link   // where to go on; none if empty
	Retry  bool   // the same request may succeed in a few seconds
}

// ShowProblem writes a problem in the frame of p, whose title and content are replaced.
func (s *Site) ShowProblem(w http.ResponseWriter, r *http.Request, p Page, problem Problem) {
	if problem.Retry {
		w.Header().Set("Retry-After", "5")
	}
	p.Title, p.Content, p.Follow = problem.Title, problem, ""
	s.Show(w, r, problem.Status, "problem.html", p)
}
