package main

import "fmt"

// report is what doctor found.
type report struct {
	Rows    []row     `json:"rows"`
	Skipped []absence `json:"skipped"`
}

// row is what became of one client at one service.
type row struct {
	Allowed bool `json:"allowed"` // by the matrix
	diagnosis
}

// absence is a client that nobody can be here, and why.
type absence struct {
	Client string `json:"client"`
	Why    string `json:"why"`
}

func (r *report) write(p *page, format string) {
	switch format {
	case "json":
		p.json(r)
	case "markdown":
		r.markdown(p)
	default:
		r.table(p)
	}
}

// telling are the rows that say something: not those of clients that get no token
// for what they may not call.
func (r *report) telling() []row {
	var told []row
	for _, x := range r.Rows {
		if x.Allowed || x.Result != works && x.Result != skipped {
			told = append(told, x)
		}
	}
	return told
}

func (r *report) table(p *page) {
	rows := [][]string{p.head("client", "service", "result", "why")}
	for _, x := range r.telling() {
		rows = append(rows, []string{printable(x.Client), printable(x.Service), p.in(x.colour(), x.Result), printable(x.Text)})
		if x.Fix != "" {
			rows = append(rows, []string{"", "", "", p.in(faint, "to mend it: "+printable(x.Fix))})
		}
	}
	for _, x := range r.Skipped {
		rows = append(rows, []string{printable(x.Client), "*", p.in(faint, skipped), printable(x.Why)})
	}
	p.table("", rows)
	p.printf("%s\n", r.summary())
}

func (r *report) markdown(p *page) {
	var rows [][]string
	for _, x := range r.telling() {
		rows = append(rows, []string{x.Client, x.Service, x.Result, x.Text, x.Fix})
	}
	for _, x := range r.Skipped {
		rows = append(rows, []string{x.Client, "*", skipped, x.Why, ""})
	}
	p.markdownTable([]string{"client", "service", "result", "why", "to mend it"}, rows)
	p.printf("\n%s\n", markdown(r.summary()))
}

// count counts the rows that f holds of.
func (r *report) count(f func(row) bool) int {
	n := 0
	for _, x := range r.Rows {
		if f(x) {
			n++
		}
	}
	return n
}

// summary counts the results.
func (r *report) summary() string {
	text := fmt.Sprintf("%d ok, %d to mend, %d unknown",
		r.count(func(x row) bool { return x.Allowed && x.Result == works }),
		r.count(func(x row) bool { return x.exit() == no }),
		r.count(func(x row) bool { return x.Result == unclear }))
	if n := r.count(func(x row) bool { return !x.Allowed && x.Result == works }); n > 0 {
		text += fmt.Sprintf("; %d that may not call, and get no token", n)
	}
	if r.idle() {
		text += "; nobody was examined: no credentials are at hand"
	}
	return text
}

// idle reports whether nobody was asked for anything.
func (r *report) idle() bool { return r.count(func(x row) bool { return x.Result != skipped }) == 0 }

// exit is the status that r ends the process with.
func (r *report) exit() error {
	switch {
	case r.count(func(x row) bool { return x.exit() == no }) > 0:
		return no
	case r.idle(), r.count(func(x row) bool { return x.Result == unclear }) > 0:
		return unknown
	}
	return nil
}
