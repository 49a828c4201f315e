package main

import (
	"io"
	"os"
)

// The colours, as terminals know them.
const (
	bold   = "1"
	red    = "31"
	green  = "32"
	yellow = "33"
)

// paint returns text in a colour, if v has colours.
func (v *summaryView) paint(colour, text string) string {
	if !v.colour || text == "" {
		return text
	}
	return "\x1b[" + colour + "m" + text + "\x1b[0m"
}

// coloured reports whether out is a terminal whose user has not switched colours off
// (NO_COLOR, see no-color.org).
func coloured(out io.Writer) bool {
	file, ok := out.(*os.File)
	if !ok || os.Getenv("NO_COLOR") != "" || os.Getenv("TERM") == "dumb" {
		return false
	}
	info, err := file.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}
