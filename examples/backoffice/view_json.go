package main

import (
	"encoding/json"
	"fmt"
	"io"
	"time"
)

// jsonView prints each call as a line of JSON, and nothing else.
type jsonView struct{ out io.Writer }

func (jsonView) scene(string) {}

func (v jsonView) row(r row) {
	if line, err := json.Marshal(r); err == nil {
		fmt.Fprintf(v.out, "%s\n", line)
	}
}

func (jsonView) remark(string) {}

func (jsonView) end(int, []row, time.Duration) {}
