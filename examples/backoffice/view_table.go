package main

import (
	"fmt"
	"io"
	"strings"
	"time"
)

// tableView prints each call with its token and its result.
type tableView struct{ out io.Writer }

const layout = "  %-1s %-18s %-15s %-18s %-30s %-18s %-9s %-20s %9s  %s\n"

func (v tableView) scene(title string) {
	fmt.Fprintf(v.out, "\n%s\n\n", title)
	fmt.Fprintf(v.out, layout, "", "CLIENT", "SERVICE", "METHOD", "AUD", "AZP", "VERDICT", "REASON", "TIME", "")
}

func (v tableView) row(r row) {
	mark, verdict, reason := "+", "admitted", "-"
	if !r.Admitted {
		mark, verdict, reason = "-", "refused", r.result()
	}
	took := r.took.Round(10 * time.Microsecond).String()
	fmt.Fprintf(v.out, layout, mark, r.Client, r.Service, r.methodName(), orDash(strings.Join(r.Audience, ", ")), orDash(r.Party), verdict, reason, took, r.note)
}

func (v tableView) remark(text string) { fmt.Fprintf(v.out, "\n  %s\n", text) }

func (v tableView) end(calls int, differ []row, took time.Duration) {
	if len(differ) == 0 {
		v.remark(fmt.Sprintf("%d calls in %.1f s, every verdict as the built-in access.yaml demands it.   ~ is a streaming method", calls, took.Seconds()))
		return
	}
	fmt.Fprintf(v.out, "\nnot as the built-in access.yaml demands:\n\n")
	for _, r := range differ {
		v.row(r)
		fmt.Fprintf(v.out, "      %s\n", difference(r))
	}
}

func orDash(s string) string {
	if s == "" {
		return "-"
	}
	return s
}
