package explain

import (
	"strings"
	"unicode"

	"github.com/grpcaud/grpcaud/internal/strictjson"
)

// CleanToken returns the token in a text that a user has pasted. The notes name what
// was removed: a server would have refused it.
func CleanToken(text string) (token string, notes []string) {
	text = strings.TrimSpace(strings.TrimPrefix(text, "\ufeff"))
	if answer, err := strictjson.Object(text); err == nil {
		if inner, ok := answer["access_token"].(string); ok {
			text, notes = inner, append(notes, "the input is the response of a token endpoint: its access_token was used")
		}
	}
	if name, value, found := strings.Cut(text, ":"); found && strings.EqualFold(strings.TrimSpace(name), "authorization") {
		text = strings.TrimSpace(value)
		notes = append(notes, "the name of the header stood before the token, and was removed")
	}
	for times := 1; ; times++ {
		scheme, rest, found := strings.Cut(text, " ")
		if !found || !strings.EqualFold(scheme, "bearer") {
			break
		}
		text = strings.TrimSpace(rest)
		switch times {
		case 1:
			notes = append(notes, `"Bearer" stood before the token, and was removed`)
		case 2:
			notes = append(notes, `"Bearer" stood there more than once: a server refuses that, so have the client write it once`)
		}
	}
	if inner := strings.Trim(text, `"'`); inner != text {
		text, notes = inner, append(notes, "quotes stood around the token, and were removed")
	}
	token = strings.Map(func(r rune) rune {
		if unicode.IsSpace(r) {
			return -1
		}
		return r
	}, text)
	if token != text {
		notes = append(notes, "the token had line breaks or spaces in it, as copied text often has, and they were removed: a server refuses them")
	}
	return token, notes
}

// MaxInput is the size of the largest input that is read for a token, in bytes.
const MaxInput = 256 << 10
