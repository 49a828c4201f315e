package ui

import (
	"fmt"
	"html/template"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/grpcaud/grpcaud/audience/access"
	"github.com/grpcaud/grpcaud/cmd/grpcaud/internal/files"
	"github.com/grpcaud/grpcaud/cmd/grpcaud/internal/review"
)

// mostGrants is how many grants one page shows.
const mostGrants = 1000

// reviewView is what the records say about one client, or about each.
type reviewView struct {
	Clients  []string
	Client   string // the one that is shown; empty for all
	Large    bool   // what each client may call is only on the page of the client
	Sections template.HTML
}

// reviewPage shows what the records say, as far as it fits on a page.
func (s *Server) reviewPage(w http.ResponseWriter, _ *http.Request) {
	p := s.page("review", "Review")
	if s.options.Records != nil {
		policy := s.file.now().Policy
		report, grants := *s.review(policy), 0
		for _, c := range report.Clients {
			grants += len(c.Grants)
		}
		large := grants > mostGrants
		if large {
			report.Clients = nil
		}
		p.Content = reviewView{files.ClientNames(policy.Matrix()), "", large, report.HTML()}
	}
	p.write(w, http.StatusOK)
}

// reviewOfClient shows what the records say about one client.
func (s *Server) reviewOfClient(w http.ResponseWriter, r *http.Request) {
	p := s.page("review", "Review")
	if p.Up = "../"; s.options.Records != nil {
		policy, client := s.file.now().Policy, r.PathValue("client")
		clients := files.ClientNames(policy.Matrix())
		if !slices.Contains(clients, client) {
			message(w, http.StatusNotFound, "There is no such client", fmt.Sprintf("The matrix has no client %q.", client))
			return
		}
		p.Content = reviewView{clients, client, false, s.review(policy).OfClient(client).HTML()}
	}
	p.write(w, http.StatusOK)
}

// reviewed is the latest review. It is safe for concurrent use.
type reviewed struct {
	mu     sync.Mutex // guards the fields below
	policy *access.Policy
	report *review.Report
}

// review returns what the records say about a policy. It is made once for a version of the file
// and a day, on which a review may become due.
func (s *Server) review(policy *access.Policy) *review.Report {
	s.reviewed.mu.Lock()
	defer s.reviewed.mu.Unlock()
	now := time.Now().UTC()
	if s.reviewed.policy != policy || s.reviewed.report.Until.Format(time.DateOnly) != now.Format(time.DateOnly) {
		s.reviewed.policy, s.reviewed.report = policy, s.options.Records.Report(policy, s.options.Set, s.options.Path, now)
	}
	return s.reviewed.report
}
