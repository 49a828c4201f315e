package explain

import (
	"strings"
	"unicode"

	"github.com/grpcaud/grpcaud/internal/strictjson"
)

// CleanToken returns the token in what a user has copied, and remarks on what a
// server would not have taken.
func CleanToken(text string) (token string, notes []string) {
	text = strings.TrimSpace(strings.TrimPrefix(text, "\ufeff"))
	if answer, err := strictjson.Object(text); err == nil {
		if inner, ok := answer["access_token"].(string); ok {
			text, notes = inner, append(notes, "this is the answer of a token endpoint: the token in it was taken")
		}
	}
	if name, value, found := strings.Cut(text, ":"); found && strings.EqualFold(strings.TrimSpace(name), "authorization") {
		text = strings.TrimSpace(value)
		notes = append(notes, "the name of the header stood before the token, and was taken off")
	}
	if scheme, rest, found := strings.Cut(text, " "); found && strings.EqualFold(scheme, "bearer") {
		text = strings.TrimSpace(rest)
		notes = append(notes, `"Bearer" stood before the token, and was taken off`)
	}
	if inner := strings.Trim(text, `"'`); inner != text {
		text, notes = inner, append(notes, "quotes stood around the token, and were taken off")
	}
	token = strings.Map(func(r rune) rune {
		if unicode.IsSpace(r) {
			return -1
		}
		return r
	}, text)
	if token != text {
		notes = append(notes, "line breaks or spaces stood in the token, as copying brings them in, and were taken out: a server refuses it with them")
	}
	return token, notes
}

// MaxInput is more than any token takes, with what may be pasted around it.
const MaxInput = 256 << 10
