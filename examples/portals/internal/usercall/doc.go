// Package usercall calls services for the user of a session, and says what a failed call means
// for that user.
package usercall
