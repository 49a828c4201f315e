package main

// Run is the whole program.
var Run = run

// Stop ends a server.
var Stop = stop
