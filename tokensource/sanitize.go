package tokensource

import (
	"fmt"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"
)

const (
	minSecret = 4       // bytes; shorter secrets occur in many words, and are soon guessed in any case
	maxText   = 200     // bytes of a name
	maxWords  = 1 << 10 // bytes of an issuer's text
)

var jwtLike = regexp.MustCompile(`eyJ[\w.~+/=-]*`)

// sanitize makes one line of at most 200 bytes of a text that the issuer wrote,
// without these secrets and without JWTs, which an issuer may repeat in it.
func sanitize(text string, secrets ...string) string { return shorten(text, maxText, secrets) }

// words is sanitize for a sentence: one line of at most 1 KiB.
func words(text string, secrets ...string) string { return shorten(text, maxWords, secrets) }

func shorten(text string, most int, secrets []string) string {
	for _, secret := range secrets {
		if len(secret) >= minSecret {
			text = strings.ReplaceAll(text, secret, redacted)
		}
	}
	text = strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) || r == utf8.RuneError {
			return ' '
		}
		return r
	}, withoutJWTs(text))
	text = strings.Join(strings.Fields(text), " ")
	for end := min(len(text), most); ; end-- {
		if end == len(text) || utf8.RuneStart(text[end]) {
			return text[:end]
		}
	}
}

func withoutJWTs(text string) string { return jwtLike.ReplaceAllString(text, redacted) }

// quote shows a name that the issuer wrote.
func quote(name string, secrets ...string) string {
	return fmt.Sprintf("%q", sanitize(name, secrets...))
}
