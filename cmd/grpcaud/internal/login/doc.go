// Package login answers: can the token of a user reach the entries of the access matrix
// that are for users?
package login
