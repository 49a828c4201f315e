// Package httproute answers one question: which operation does an HTTP request call?
//
// A [Route] is made of a pattern of [net/http.ServeMux] or of a path template of
// google.api.http. Both have the same form inside, so one [Table] compares and matches
// them. A table refuses routes of different operations that two routers could tell apart
// differently, and paths that two routers could read differently.
package httproute
