package signals

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
)

// maxAnswer is how many bytes of an answer to a poll are read.
const maxAnswer = 16 << 20

var errAnswer = errors.New("want an object with sets, an object of security event tokens by their jti (RFC 8936, section 2.3)")

// delivered is an event as an answer to a poll has it.
type delivered struct{ id, token string }

// answer reads an answer to a poll.
type answer struct {
	body   *io.LimitedReader
	json   *json.Decoder
	events []delivered
	cut    string // the id of an event that could not be read to its end
}

// readAnswer returns the first events of an answer to a poll: as many as were asked for,
// and as far as it can be read. The rest comes again. An error is about what follows them.
// An event that is larger than an answer may be is returned without its token, so that it
// is refused and does not come again.
func readAnswer(body io.Reader) ([]delivered, error) {
	a := &answer{body: &io.LimitedReader{R: body, N: maxAnswer}}
	a.json = json.NewDecoder(a.body)
	err := a.read()
	tooLarge := err != nil && a.body.N == 0
	switch {
	case tooLarge && len(a.events) > 0:
		return a.events, nil
	case tooLarge && a.cut != "":
		return []delivered{{id: a.cut}}, nil
	}
	return a.events, err
}

// read reads the whole answer, or as many events as were asked for.
func (a *answer) read() error {
	if err := a.expect('{'); err != nil {
		return err
	}
	for found := false; a.json.More(); {
		name, err := a.key()
		switch {
		case err != nil:
		case name != "sets":
			err = a.json.Decode(new(json.RawMessage))
		case found:
			err = errors.New("sets is there twice")
		default:
			found = true
			err = a.sets()
		}
		if err != nil || len(a.events) == batch {
			return err
		}
	}
	return a.expect('}')
}

// sets reads the events.
func (a *answer) sets() error {
	if err := a.expect('{'); err != nil {
		return err
	}
	for a.json.More() {
		if len(a.events) == batch {
			return nil
		}
		id, err := a.key()
		if err != nil {
			return err
		}
		var value any
		if err := a.json.Decode(&value); err != nil {
			a.cut = id
			return fmt.Errorf("%w: %w", errAnswer, err)
		}
		token, _ := value.(string) // what is no text is refused as a token
		a.events = append(a.events, delivered{id, token})
	}
	return a.expect('}')
}

// expect reads a delimiter.
func (a *answer) expect(want json.Delim) error {
	got, err := a.json.Token()
	if err == nil && got != want {
		err = errAnswer
	}
	return err
}

// key reads the name of a member.
func (a *answer) key() (string, error) {
	got, err := a.json.Token()
	name, ok := got.(string)
	if err == nil && !ok {
		err = errAnswer
	}
	return name, err
}
