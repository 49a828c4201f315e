// Package usertoken marks sources of the tokens of a user who has logged in. A cache of
// package tokensource accepts such a token whatever its audience is: the token is for the
// front end that holds it, which exchanges it, or presents it where its audience allows.
package usertoken

// Mark is a parameter of [Source]. Only packages of this module can name it.
type Mark struct{}

// Source is a source of a user's tokens.
type Source interface{ OfUser(Mark) }
