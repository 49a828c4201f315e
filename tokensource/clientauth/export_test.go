package clientauth

// AssertionClaims returns the payload of a new client assertion.
var AssertionClaims = assertionClaims
