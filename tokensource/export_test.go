package tokensource

// Canonical returns scopes as requests are kept by.
func Canonical(scope string) string { return canonical(scope) }
