package main

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"time"
)

// printer shows rows as they come, and keeps those that are not as wanted.
type printer struct {
	out    io.Writer
	json   bool
	rows   int
	differ []row
}

func newPrinter(out io.Writer, json bool) *printer { return &printer{out: out, json: json} }

const layout = "  %-1s %-18s %-15s %-18s %-30s %-18s %-9s %-20s %9s  %s\n"

// scene begins a part of the play.
func (p *printer) scene(title string) {
	if p.json {
		return
	}
	fmt.Fprintf(p.out, "\n%s\n\n", title)
	fmt.Fprintf(p.out, layout, "", "CLIENT", "SERVICE", "METHOD", "AUD", "AZP", "VERDICT", "REASON", "TIME", "")
}

func (p *printer) row(r row) {
	p.rows++
	if !r.asWanted() {
		p.differ = append(p.differ, r)
	}
	if p.json {
		line, err := json.Marshal(r)
		if err == nil {
			fmt.Fprintf(p.out, "%s\n", line)
		}
		return
	}
	p.print(r)
}

func (p *printer) print(r row) {
	mark, verdict, reason := "+", "admitted", r.Reason
	if !r.Admitted {
		mark, verdict = "-", "refused"
	}
	if reason == "" && !r.Admitted {
		reason = r.Code
	}
	method := r.Method
	if r.Stream {
		method += " ~"
	}
	took := r.took.Round(10 * time.Microsecond).String()
	fmt.Fprintf(p.out, layout, mark, r.Client, r.Service, method, orDash(strings.Join(r.Audience, ", ")), orDash(r.Party), verdict, orDash(reason), took, r.note)
}

// say prints a line between the rows.
func (p *printer) say(format string, args ...any) {
	if !p.json {
		fmt.Fprintf(p.out, "\n  "+format+"\n", args...)
	}
}

// finish tells how it went: errDiffers if a row was not as wanted.
func (p *printer) finish(took time.Duration) error {
	if len(p.differ) == 0 {
		p.say("%d calls in %.1f s, every verdict as the built-in access.yaml demands it.   ~ is a streaming method", p.rows, took.Seconds())
		return nil
	}
	if !p.json {
		fmt.Fprintf(p.out, "\nnot as the built-in access.yaml demands:\n\n")
		for _, r := range p.differ {
			p.print(r)
			fmt.Fprintf(p.out, "      got %s %s, want %s %s", r.Code, r.Reason, r.want.code, r.want.reason)
			if r.extra != nil {
				fmt.Fprintf(p.out, "; %v", r.extra)
			}
			fmt.Fprintln(p.out)
		}
	}
	return fmt.Errorf("%w: %d of %d differ", errDiffers, len(p.differ), p.rows)
}

func orDash(s string) string {
	if s == "" {
		return "-"
	}
	return s
}
