package main

import (
	"fmt"
	"slices"
	"strings"
)

// sideBySide prints a line for each client and method, with a column for each transport.
func (v *summaryView) sideBySide(rows []row) {
	var transports []string
	for _, r := range rows {
		if !slices.Contains(transports, r.Over) {
			transports = append(transports, r.Over)
		}
	}
	header := fmt.Sprintf("  %-18s%-19s", "", "")
	for _, over := range transports {
		header += fmt.Sprintf("%-20s", over)
	}
	fmt.Fprintln(v.out, strings.TrimRight(header, " "))
	client := ""
	for ; len(rows) >= len(transports); rows = rows[len(transports):] {
		if rows[0].Client == client {
			rows[0].Client = ""
		} else {
			client = rows[0].Client
		}
		line := fmt.Sprintf("  %-18s%-19s", rows[0].Client, rows[0].methodName())
		for _, r := range rows[:len(transports)] {
			line += v.paint(colourOf(r), fmt.Sprintf("%-20s", r.result()))
		}
		fmt.Fprintln(v.out, strings.TrimRight(line, " "))
	}
	v.legend(nil)
}
