package doctor

import (
	"fmt"

	"github.com/grpcaud/grpcaud/cmd/grpcaud/internal/explain"
	"github.com/grpcaud/grpcaud/cmd/grpcaud/internal/output"
	"github.com/grpcaud/grpcaud/cmd/grpcaud/internal/tokenrequest"
)

// Report is the result of an examination.
type Report struct {
	Rows    []row           `json:"rows"`
	Skipped []skippedClient `json:"skipped"`
}

// row is the result for one client and one service.
type row struct {
	Allowed bool `json:"allowed"`            // whether the matrix lets the client call
	ForUser bool `json:"for_user,omitempty"` // whether it calls on behalf of a user
	tokenrequest.Diagnosis
}

// caller names who calls.
func (r row) caller() string {
	if r.ForUser {
		return r.Client + " for a user"
	}
	return r.Client
}

// skippedClient is a client whose credentials cannot be read, and why.
type skippedClient struct {
	Client string `json:"client"`
	Why    string `json:"why"`
}

// Write implements [output.Answer].
func (r *Report) Write(p *output.Page, format string) {
	switch format {
	case "json":
		p.JSON(r)
	case "markdown":
		r.markdown(p)
	default:
		r.table(p)
	}
}

// notable returns the rows without those of clients that may not call, and get no
// token.
func (r *Report) notable() []row {
	var rows []row
	for _, x := range r.Rows {
		if x.Allowed || x.Result != tokenrequest.OK && x.Result != tokenrequest.Skipped {
			rows = append(rows, x)
		}
	}
	return rows
}

func (r *Report) table(p *output.Page) {
	rows := [][]string{p.Header("client", "service", "result", "why")}
	for _, x := range r.notable() {
		rows = append(rows, []string{output.Printable(x.caller()), output.Printable(x.Service), p.Colour(x.Colour(), x.Result), x.Why()})
		if x.Fix != "" {
			rows = append(rows, []string{"", "", "", p.Colour(output.Faint, "fix: "+output.Printable(x.Fix))})
		}
	}
	for _, x := range r.Skipped {
		rows = append(rows, []string{output.Printable(x.Client), "*", p.Colour(output.Faint, tokenrequest.Skipped), output.Printable(x.Why)})
	}
	p.Table("", rows)
	p.Printf("%s\n", r.summary())
}

func (r *Report) markdown(p *output.Page) {
	var rows [][]string
	for _, x := range r.notable() {
		rows = append(rows, []string{x.caller(), x.Service, x.Result, x.Why(), x.Fix})
	}
	for _, x := range r.Skipped {
		rows = append(rows, []string{x.Client, "*", tokenrequest.Skipped, x.Why, ""})
	}
	p.MarkdownTable([]string{"client", "service", "result", "why", "fix"}, rows)
	p.Printf("\n%s\n", output.EscapeMarkdown(r.summary()))
}

// tellOnce replaces the text of a row that repeats an earlier one, such as about an issuer
// that cannot be reached, by a reference to that row.
func (r *Report) tellOnce() {
	type problem struct{ result, text, fix string }
	told := map[problem]string{}
	for i := range r.Rows {
		x := &r.Rows[i]
		if x.Text == "" || x.Result != tokenrequest.NoToken && x.Result != explain.Unclear {
			continue
		}
		at := problem{x.Result, x.Text, x.Fix}
		if first := told[at]; first != "" {
			x.Text, x.Fix = "as for "+first, ""
		} else {
			told[at] = fmt.Sprintf("%s at %s", x.Client, x.Service)
		}
	}
}

// count counts the rows for which f is true.
func (r *Report) count(f func(row) bool) int {
	n := 0
	for _, x := range r.Rows {
		if f(x) {
			n++
		}
	}
	return n
}

// summary counts the results.
func (r *Report) summary() string {
	text := fmt.Sprintf("%d ok, %d to fix, %d unknown",
		r.count(func(x row) bool { return x.Allowed && x.Result == tokenrequest.OK }),
		r.count(func(x row) bool { return x.Exit() == output.No }),
		r.count(func(x row) bool { return x.Result == explain.Unclear }))
	unneeded := func(x row) bool { return !x.Allowed && x.Result == tokenrequest.OK }
	if n := r.count(func(x row) bool { return unneeded(x) && x.Text == "" }); n > 0 {
		text += fmt.Sprintf("; %d may not call, and get no token", n)
	}
	if n := r.count(func(x row) bool { return unneeded(x) && x.Text != "" }); n > 0 {
		text += fmt.Sprintf("; %d get one that no issuer withholds", n)
	}
	if r.nothingExamined() {
		text += "; nothing was examined: no credentials can be read here"
	}
	return text
}

// nothingExamined reports whether no token was requested.
func (r *Report) nothingExamined() bool {
	return r.count(func(x row) bool { return x.Result != tokenrequest.Skipped }) == 0
}

// Exit implements [output.Answer].
func (r *Report) Exit() error {
	switch {
	case r.count(func(x row) bool { return x.Exit() == output.No }) > 0:
		return output.No
	case r.nothingExamined(), r.count(func(x row) bool { return x.Result == explain.Unclear }) > 0:
		return output.Unknown
	}
	return nil
}
