// Package presented makes the authorization that a call of order-status may have: good
// tokens, and what is wrong in each way that a guard must notice. Tests send the same rows
// through every transport, and to other guards, and compare what is decided.
package presented
