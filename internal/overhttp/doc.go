// Package overhttp carries requests over HTTP to the decision about them, and carries
// it out: for interceptor/httpguard and interceptor/connectguard, which differ in how they
// find the method of a request, and in how they tell its peer of a refusal.
package overhttp
