package signals

import "io"

// ReadAnswer returns the ids of the events in an answer to a poll.
func ReadAnswer(body io.Reader) ([]string, error) {
	events, err := readAnswer(body)
	ids := make([]string, len(events))
	for i, e := range events {
		ids[i] = e.id
	}
	return ids, err
}
