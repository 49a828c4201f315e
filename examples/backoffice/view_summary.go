package main

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/grpcaud/grpcaud/audience"
)

// summaryView prints one line for what a scene shows: calls in a row that make the same
// point share a line. Calls without a point make a grid of methods and clients.
type summaryView struct {
	out    io.Writer
	colour bool
	begun  bool  // a scene has been printed
	rows   []row // of the scene so far
}

func (v *summaryView) scene(title string) {
	v.flush()
	if v.begun {
		fmt.Fprintln(v.out)
	}
	v.begun = true
	fmt.Fprintln(v.out, v.paint(bold, title))
}

func (v *summaryView) row(r row) { v.rows = append(v.rows, r) }

func (*summaryView) remark(string) {}

func (v *summaryView) end(calls int, differ []row, took time.Duration) {
	v.flush()
	if len(differ) == 0 {
		fmt.Fprintf(v.out, "\n%d calls in %.1f s, all as access.yaml demands (+ admitted, - refused). Every call: -v or -json.\n", calls, took.Seconds())
		return
	}
	fmt.Fprintf(v.out, "\n%s\n", v.paint(red, "not as the built-in access.yaml demands:"))
	for _, r := range differ {
		fmt.Fprintf(v.out, "  %s %s %s: %s\n", r.Client, r.Service, r.methodName(), difference(r))
	}
}

// flush prints the scene that ends.
func (v *summaryView) flush() {
	rows := v.rows
	v.rows = nil
	if len(rows) > 0 && rows[0].Over != "" {
		v.sideBySide(rows)
		return
	}
	if len(rows) > 0 && rows[0].point == "" {
		v.grid(rows)
		return
	}
	for len(rows) > 0 {
		n := 1
		for n < len(rows) && rows[n].point == rows[0].point {
			n++
		}
		v.line(rows[:n])
		rows = rows[n:]
	}
}

// line prints the calls that make one point.
func (v *summaryView) line(rows []row) {
	mark, colour := "+", green
	if !rows[0].Admitted {
		mark, colour = "-", yellow
	}
	var results []string
	for _, r := range rows {
		if !r.asExpected() {
			mark, colour = "!", red
		}
		if !slices.Contains(results, r.result()) {
			results = append(results, r.result())
		}
	}
	result := strings.Join(results, ", ")
	if rows[0].why != "" {
		result = fmt.Sprintf("%-19s", result)
	}
	line := fmt.Sprintf("  %s %-28s  %s  %s", v.paint(colour, mark), rows[0].point, v.paint(colour, result), rows[0].why)
	fmt.Fprintln(v.out, strings.TrimRight(line, " "))
}

// grid prints a line for each method, with a column for each client.
func (v *summaryView) grid(rows []row) {
	var clients []string
	results := map[[3]string]row{}
	for _, r := range rows {
		results[[3]string{r.Client, r.Service, r.methodName()}] = r
		if !slices.Contains(clients, r.Client) {
			clients = append(clients, r.Client)
		}
	}
	header := fmt.Sprintf("  %-35s", "")
	for _, client := range clients {
		header += fmt.Sprintf("%-20s", client)
	}
	fmt.Fprintln(v.out, strings.TrimRight(header, " "))
	last := ""
	for _, m := range methods {
		service := m.service
		if service == last {
			service = ""
		}
		last = m.service
		line := fmt.Sprintf("  %-16s%-19s", service, methodName(m.name, m.stream))
		for i, client := range clients {
			r := results[[3]string{client, m.service, methodName(m.name, m.stream)}]
			width := 20
			if i == len(clients)-1 {
				width = 0
			}
			line += v.paint(colourOf(r), fmt.Sprintf("%-*s", width, r.result()))
		}
		fmt.Fprintln(v.out, line)
	}
	v.legend(rows)
}

// legend explains the refusals in a grid.
func (v *summaryView) legend(rows []row) {
	var reasons []string
	for _, r := range rows {
		if !r.Admitted && !slices.Contains(reasons, r.result()) {
			reasons = append(reasons, r.result())
		}
	}
	for _, reason := range reasons {
		text, ok := explanations[audience.Reason(reason)]
		if !ok {
			text = audience.Reason(reason).Phrase()
		}
		fmt.Fprintf(v.out, "  %s  %s\n", v.paint(yellow, reason), text)
	}
}

// explanations say what refusals in the grid mean.
var explanations = map[audience.Reason]string{
	audience.ReasonClientNotAllowed: "the service refused it: no entry for the method names the client",
	audience.ReasonTokenNotObtained: "the client did not send it: access.yaml gives it nothing in that service",
}

func colourOf(r row) string {
	switch {
	case !r.asExpected():
		return red
	case r.Admitted:
		return green
	default:
		return yellow
	}
}
