package recorded

import (
	"bytes"
	"time"
)

// Progress draws the line of a progress at times, after reading so much each time, and
// its end.
func Progress(total int64, records uint64, reads int, each int) string {
	var out bytes.Buffer
	p := &progress{to: &out, total: total, records: &records, began: time.Now()}
	for range reads {
		p.add(each)
		time.Sleep(time.Second)
	}
	p.end()
	return out.String()
}
