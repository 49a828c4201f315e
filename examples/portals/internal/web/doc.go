// Package web is what the two portals share beside the sign-in: how a page is written,
// the headers and checks that protect it, the page for a problem, and the events that an
// open page follows.
//
// Every page is rendered on the server. A browser without JavaScript sees the same pages;
// it only has to load an order again to see its latest status.
package web
