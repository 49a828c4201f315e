package main

// Run runs the program.
var Run = run

// Stop ends a server.
var Stop = stop
