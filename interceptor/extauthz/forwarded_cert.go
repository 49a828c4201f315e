package extauthz

import "strings"

// forwardedCertificate returns the certificate in the values of x-forwarded-client-cert,
// URL-encoded. It is empty if the header comes twice, has several elements, or is not of
// the form that Envoy writes: key=value pairs between semicolons, with values in quotes
// where they need them. Then it is not certain whose certificate it is.
func forwardedCertificate(values []string) string {
	if len(values) != 1 {
		return ""
	}
	found := ""
	for rest := values[0]; rest != ""; {
		key, value, after, ok := cutPair(rest)
		if !ok {
			return ""
		}
		if strings.EqualFold(key, "Cert") {
			if found != "" {
				return ""
			}
			found = value
		}
		rest = after
	}
	return found
}

// cutPair returns the first key=value of text, and the text after the semicolon that
// follows. It is false if another element begins, or if the form is wrong.
func cutPair(text string) (key, value, rest string, ok bool) {
	key, text, ok = strings.Cut(text, "=")
	if !ok || key == "" || strings.ContainsAny(key, `";, `) {
		return "", "", "", false
	}
	if !strings.HasPrefix(text, `"`) {
		value, rest, ok = strings.Cut(text, ";")
		return key, value, rest, !strings.ContainsAny(value, `",`) && (!ok || rest != "")
	}
	b := strings.Builder{}
	for i := 1; i < len(text); i++ {
		switch {
		case text[i] == '\\' && i+1 < len(text):
			i++
		case text[i] == '"':
			rest = text[i+1:]
			return key, b.String(), strings.TrimPrefix(rest, ";"), rest == "" || len(rest) > 1 && rest[0] == ';'
		}
		b.WriteByte(text[i])
	}
	return "", "", "", false
}
