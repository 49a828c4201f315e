// Package doctor compares what issuers give with what the access matrix says. As each
// client it asks for a token for each service, and has the service judge that.
package doctor
